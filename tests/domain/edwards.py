"""The curve of Ed25519 in twenty lines, to check what `domain.keys` says of it."""

from __future__ import annotations

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, PRIME) % PRIME

Point = tuple[int, int]


def add(a: Point, b: Point) -> Point:
    """The sum of two points of the twisted Edwards curve, in affine coordinates."""
    (x1, y1), (x2, y2) = a, b
    product = _D * x1 * x2 * y1 * y2 % PRIME
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, PRIME)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, PRIME)
    return x % PRIME, y % PRIME


def multiply(times: int, point: Point) -> Point:
    """`times` additions of `point`."""
    total = (0, 1)
    for _ in range(times):
        total = add(total, point)
    return total


def recover_x(y: int) -> int | None:
    """One x with (x, y) on the curve."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    return None if (x * x - square) % PRIME else x


def small_order_encodings() -> list[bytes]:
    """Every 32 bytes that a lax decoder takes for one of the eight points of small order."""
    base = next(point for point in map(_torsion, range(2, 100)) if point is not None)
    ys = {multiply(times, base)[1] for times in range(8)}
    numbers = ys | {y + PRIME for y in ys if y + PRIME < 2**255}
    return [(y + sign).to_bytes(32, "little") for y in sorted(numbers) for sign in (0, 1 << 255)]


def _torsion(y: int) -> Point | None:
    """A point of order 8, if the point at `y` has a part of that order."""
    x = recover_x(y)
    if x is None:
        return None
    point, total = (x, y), (0, 1)
    for bit in f"{ORDER:b}":
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    return total if multiply(4, total) != (0, 1) else None
