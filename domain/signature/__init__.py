"""HTTP message signatures (RFC 9421) by did:key, in the one profile that a node takes."""
