"""fastText's lid.176.ftz read and evaluated with numpy."""
