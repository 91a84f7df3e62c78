"""Which keys and signatures are sound, and what did:key calls them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.ids import DeviceKey
from domain.keys import SigningKey, did_of, is_did, is_sound_key, is_sound_signature, key_of, verify
from tests.domain.edwards import ORDER, PRIME, multiply, recover_x, small_order_encodings
from tests.making import key

# RFC 8032 §7.1: (seed, public key, message, signature)
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]
# The did:key method's own test vectors: seeds that are 31 zero bytes and one more.
DID_KEYS = {
    0: "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
    1: "did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG",
    2: "did:key:z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf",
}
NO_DIDS = {
    "nothing": "",
    "another method": "did:web:example.org",
    "another base": "did:key:f" + "ed01" + "00" * 32,
    "an X25519 key": "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",
    "a secp256k1 key": "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
    "a P-256 key": "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169",
    "a letter that base58 has not": "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDoo0p",
    "a digit too few": "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW",
    "a digit too many": "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWpp",
    "a leading one": "did:key:z16MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
    "a fragment": "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp#z6Mki",
    "capitals": "DID:KEY:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
    "white space": " did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
    "far too long": "did:key:z" + "6" * 100_000,
}


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_rfc_8032(seed: str, public: str, message: str, signature: str) -> None:
    signer = SigningKey(bytes.fromhex(seed))
    assert signer.device.hex() == public
    assert signer.sign(bytes.fromhex(message)).hex() == signature
    assert verify(signer.device, bytes.fromhex(signature), bytes.fromhex(message))
    assert not verify(signer.device, bytes.fromhex(signature), bytes.fromhex(message) + b"!")
    assert is_sound_key(signer.device)
    assert is_sound_signature(bytes.fromhex(signature))


@pytest.mark.parametrize(("last", "did"), DID_KEYS.items())
def test_did_key_vectors(last: int, did: str) -> None:
    signer = SigningKey(bytes(31) + bytes([last]))
    assert signer.did == did
    assert key_of(did) == signer.device
    assert is_did(did)


@pytest.mark.parametrize("text", NO_DIDS.values(), ids=NO_DIDS.keys())
def test_what_is_no_did(text: str) -> None:
    assert not is_did(text)
    with pytest.raises(InvalidInput):
        key_of(text)


@settings(max_examples=50)
@given(st.binary(min_size=32, max_size=32))
def test_did_and_key_name_each_other(seed: bytes) -> None:
    device = SigningKey(seed).device
    assert key_of(did_of(device)) == device


def test_the_small_order_list_is_the_torsion_subgroup() -> None:
    """Eight points; with every encoding of them that a lax decoder would take, fourteen."""
    encodings = small_order_encodings()
    assert len(encodings) == 14
    points = set()
    for encoded in encodings:
        y = (int.from_bytes(encoded, "little") & (2**255 - 1)) % PRIME
        x = recover_x(y)
        assert x is not None
        for point in ((x, y), (-x % PRIME, y)):
            assert multiply(8, point) == (0, 1)
            points.add(point)
    assert len(points) == 8


@pytest.mark.parametrize("encoded", small_order_encodings(), ids=lambda encoded: encoded.hex()[:8])
def test_small_order_is_refused(encoded: bytes) -> None:
    assert not is_sound_key(encoded)
    assert not is_sound_signature(encoded + bytes(32))
    assert not is_did(did_of(DeviceKey(encoded)))


def test_why_small_order_is_refused() -> None:
    """One signature fits every message under the neutral element, as the library reads it."""
    neutral = Ed25519PublicKey.from_public_bytes((1).to_bytes(32, "little"))
    signature = (1).to_bytes(32, "little") + bytes(32)
    for message in (b"", b"I owe you", b"everything"):
        neutral.verify(signature, message)


@pytest.mark.parametrize("y", range(PRIME, 2**255))
@pytest.mark.parametrize("sign", [0, 1 << 255])
def test_an_encoding_that_is_not_canonical_is_refused(y: int, sign: int) -> None:
    encoded = (y + sign).to_bytes(32, "little")
    assert not is_sound_key(encoded)
    assert not is_sound_signature(encoded + bytes(32))


def test_lengths() -> None:
    device, signature = key("root").device, key("root").sign(b"")
    assert not is_sound_key(device[:31])
    assert not is_sound_key(device + b"\0")
    assert not is_sound_signature(signature[:63])
    assert not is_sound_signature(signature + b"\0")


def test_s_is_below_the_group_order() -> None:
    """S and S + L sign the same; only one of them may, or an event could have two signatures."""
    message = b"once"
    signature = key("root").sign(message)
    s = int.from_bytes(signature[32:], "little")
    twin = signature[:32] + (s + ORDER).to_bytes(32, "little")
    assert is_sound_signature(signature)
    assert not is_sound_signature(twin)
    assert not is_sound_signature(signature[:32] + ORDER.to_bytes(32, "little"))
    assert is_sound_signature(signature[:32] + (ORDER - 1).to_bytes(32, "little"))


def test_a_key_off_the_curve_verifies_nothing() -> None:
    y = next(y for y in range(2, 100) if recover_x(y) is None)
    device = DeviceKey(y.to_bytes(32, "little"))
    assert not verify(device, key("root").sign(b""), b"")


def test_a_signing_key_does_not_show_itself() -> None:
    signer = SigningKey(b"\x07" * 32)
    assert "07" * 4 not in repr(signer)
    assert not hasattr(signer, "__dict__")
