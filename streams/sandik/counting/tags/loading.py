"""Load a tagger, from the file that an earlier process has kept if there is one."""

from collections.abc import Callable
from functools import lru_cache, partial
from types import ModuleType

from sandik.counting.native import NATIVE
from sandik.counting.tags.kept import R, file_of, keep, read
from sandik.counting.tags.layers import LexiconChoice, is_shipped, layer_names, read_layers
from sandik.counting.tags.lexicon import load_lexicon
from sandik.counting.tags.match import Tagger
from sandik.counting.tags.native_tagger import NativeReady, NativeTagger, ready_for
from sandik.counting.tags.ready import Ready, made_ready


def load_tagger(lexicon: LexiconChoice = None) -> Tagger:
    """Return a tagger for the lexicon of these layers, or for the built-in one. Raises LexiconError.

    Layers that ship with sandik are the same for as long as the process runs, so they are read once.
    """
    names = layer_names(lexicon)
    load = _shipped if all(map(is_shipped, names)) else _loaded
    return load(",".join(names))


def _loaded(lexicon: str) -> Tagger:
    if NATIVE is None:
        return _in_python(lexicon)
    native = NATIVE
    ready = _ready(lexicon, NativeReady, native, lambda: ready_for(native, made_ready(load_lexicon(lexicon))))
    return NativeTagger(ready, native, partial(_in_python, lexicon))


def _in_python(lexicon: str) -> Tagger:
    return Tagger(_ready(lexicon, Ready, None, lambda: made_ready(load_lexicon(lexicon))))


def _ready(lexicon: str, kind: type[R], native: ModuleType | None, make: Callable[[], R]) -> R:
    layers = read_layers(lexicon)
    file = file_of(layers, native)
    ready = read(file, kind) if file else None
    if ready is None:
        ready = make()
        if file and file == file_of(layers, native):  # the lexicon has not changed meanwhile
            keep(file, ready)
    return ready


_shipped = lru_cache(maxsize=4)(_loaded)
