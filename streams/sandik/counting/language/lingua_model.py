"""lingua, an optional detector for comparison: 75 languages, 1 ms a post, 340 MB. Imported when asked for."""

from importlib.metadata import version

from sandik.counting.language.codes import our_code
from sandik.counting.language.detector import UNDETERMINED, Language


class LinguaModel:
    """Lingua's models, all of them. They load as they are needed, which makes the first texts slow.

    ValueError if the extra is not installed.
    """

    version: str

    def __init__(self) -> None:
        try:
            from lingua import LanguageDetectorBuilder
        except ImportError as error:
            raise ValueError(
                "the detector 'lingua' needs a package that is not installed: pip install 'sandik[lingua]'"
            ) from error
        self.version = f"lingua-{version('lingua-language-detector')}"
        self._detector = LanguageDetectorBuilder.from_all_languages().build()

    def best(self, text: str) -> Language:
        """Return the most probable language of a clean text."""
        best = self._detector.compute_language_confidence_values(text)[0]
        if not best.value:
            return UNDETERMINED
        return Language(our_code(best.language.iso_code_639_1.name.lower()), round(best.value, 4))
