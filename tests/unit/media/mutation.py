"""Valid things of a peer, damaged."""

from collections.abc import Sequence

from hypothesis import strategies as st

_TOKENS = (
    b"",
    b"\r\r\n",
    b"\n",
    b" ",
    b":",
    b"/",
    b"=",
    b";",
    b"\x00",
    b"\xff",
    b"-1",
    b"65536",
    b"99999999999999999999",
)


@st.composite
def mutated(draw: st.DrawFn, originals: Sequence[bytes], tokens: Sequence[bytes] = _TOKENS) -> bytes:
    """One of `originals` after one to six cuts, repetitions, insertions or changes of bytes."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 64)))
        kind = draw(st.sampled_from(("cut", "repeat", "insert", "change", "truncate", "swap")))
        if kind == "cut":
            data = data[:start] + data[end:]
        elif kind == "repeat":
            data = data[:end] + data[start:end] * draw(st.integers(1, 3)) + data[end:]
        elif kind == "insert":
            data = data[:start] + draw(st.sampled_from(tokens)) + data[start:]
        elif kind == "change":
            data = data[:start] + draw(st.binary(min_size=end - start, max_size=end - start)) + data[end:]
        elif kind == "truncate":
            data = data[:start]
        else:
            lines = data.split(b"\r\n")
            first, second = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
            lines[first], lines[second] = lines[second], lines[first]
            data = b"\r\n".join(lines)
    return data
