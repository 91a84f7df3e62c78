"""Tables over packs, made for serving: which objects a fetch needs, and where their bytes lie."""
