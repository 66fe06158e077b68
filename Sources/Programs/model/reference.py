"""The integer model of transformer.swift once more, in plain Python integers without bounds: what is written here
without a thought of overflow is what the program must give. Prints rows of the vectors, or one figure.

    python3 reference.py vectors             rows `seed task count sharpness | prompt | continuation`
    python3 reference.py loss                mean -log2 p per byte of the corpus's first 1,000, by the integer model
"""
import hashlib
import math
import operator
import struct
import sys

MAGIC, SYMBOLS = b"MTF1", 96
# Fraction bits: of the running sum, of what enters a matrix, of a query or key, of an exponential.
SUM_BITS, NORM_BITS, SCORE_BITS, SHARE_BITS = 12, 11, 9, 15
SHORT, QUERY_MAX = 32_767, 8_191
MASK = (1 << 64) - 1


def slope(head):
    """A score loses 2^-slope (as a power of two) per byte of distance."""
    return 2 * head + 1


def unwrapped(text):
    """Paragraphs on one line each."""
    return "\n".join(" ".join(part.split()) for part in text.strip().split("\n\n")) + "\n"


def symbols(data):
    """32...126 as 0...94 and the line feed as 95."""
    return [95 if byte == 10 else byte - 32 for byte in data]


def clamp(value, bound):
    return max(-bound, min(bound, value))


class Matrix:
    def __init__(self, reader, rows, columns):
        self.factors = reader.take(f"<{rows}i")
        small = reader.take(f"<{rows * columns}b")
        self.rows = [small[row * columns : (row + 1) * columns] for row in range(rows)]

    def times(self, x):
        sums = [sum(map(operator.mul, row, x)) for row in self.rows]
        assert all(-1 << 31 <= value < 1 << 31 for value in sums), "a sum leaves 32 bits"
        return [(value * factor + (1 << 23)) >> 24 for value, factor in zip(sums, self.factors)]


class Reader:
    def __init__(self, data):
        self.data, self.place = data, 0

    def take(self, form):
        values = struct.unpack_from(form, self.data, self.place)
        self.place += struct.calcsize(form)
        return values


class Model:
    def __init__(self, data):
        reader = Reader(data)
        assert reader.take("4s")[0] == MAGIC
        layers, self.width, self.heads, hidden, self.window, count, _ = reader.take("<7I")
        flat = reader.take(f"<{count * self.width}h")
        self.embedding = [flat[row * self.width : (row + 1) * self.width] for row in range(count)]
        square = (self.width, self.width)
        shapes = [square, square, square, square, (hidden, self.width), (self.width, hidden)]
        self.layers = [[Matrix(reader, *shape) for shape in shapes] for _ in range(layers)]
        self.head = Matrix(reader, count, self.width)
        assert reader.place == len(data)
        self.past = [[] for _ in range(layers)]

    def logits(self, symbol):
        """Reads one symbol; weights of the next, as powers of two with 18 fraction bits."""
        x = list(self.embedding[symbol])
        for (q, k, v, out, up, down), past in zip(self.layers, self.past):
            y = normalised(x)
            query = [clamp(value, QUERY_MAX) for value in q.times(y)]
            past.append(([clamp(value, QUERY_MAX) for value in k.times(y)], [clamp(value, SHORT) for value in v.times(y)]))
            del past[: -self.window]
            x = list(map(operator.add, x, out.times(self.mixed(query, past))))
            hidden = [min(max(value, 0), SHORT) for value in up.times(normalised(x))]
            x = list(map(operator.add, x, down.times(hidden)))
        return self.head.times(normalised(x))

    def mixed(self, query, past):
        size, result = self.width // self.heads, []
        for head in range(self.heads):
            part = slice(head * size, (head + 1) * size)
            lost = 1 << (2 * SCORE_BITS - slope(head))
            scores = [
                sum(map(operator.mul, query[part], key[part])) - (len(past) - 1 - place) * lost
                for place, (key, _) in enumerate(past)
            ]
            top = max(scores)
            shares = [power(top - score) for score in scores]
            factor = (1 << 30) // sum(shares)
            shares = [(share * factor) >> SHARE_BITS for share in shares]
            for column in range(part.start, part.stop):
                result.append(sum(share * value[column] for share, (_, value) in zip(shares, past)) >> SHARE_BITS)
        return result


def normalised(x):
    """x / sqrt(mean(x^2)), with one division."""
    mean = sum(map(operator.mul, x, x)) // len(x)
    inverse = (1 << 40) // max(math.isqrt(mean), 1)
    return [clamp((value * inverse + (1 << 28)) >> 29, SHORT) for value in x]


def power(distance):
    """2^-distance with 15 fraction bits; the distance has 18."""
    whole, part = distance >> 18, (distance >> 3) & 32_767
    if whole > 15:
        return 0
    inner = 7_553 - ((part * 1_281) >> 15)
    inner = 22_656 - ((part * inner) >> 15)
    return (32_768 - ((part * inner) >> 15)) >> whole


def drawn(logits, sharpness, word):
    """The symbol under `word` / 2^64 of the sum of all weights."""
    top = max(logits)
    shares = [power(((top - value) * sharpness) >> 8) for value in logits]
    rest = ((word >> 32) * sum(shares)) >> 32
    for symbol, share in enumerate(shares):
        if rest < share:
            return symbol
        rest -= share


def words(seed, task):
    """splitmix64, another sequence for each task."""
    state = seed ^ (task * 0xD1342543DE82EF95) & MASK
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        word = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & MASK
        word = ((word ^ word >> 27) * 0x94D049BB133111EB) & MASK
        yield word ^ word >> 31


def generated(weights, prompt, task, seed, count, sharpness=256):
    model, random, result = Model(weights), words(seed, task), bytearray()
    for symbol in symbols(prompt):
        logits = model.logits(symbol)
    for place in range(count):
        symbol = drawn(logits, sharpness, next(random))
        result.append(10 if symbol == 95 else symbol + 32)
        if place + 1 < count:
            logits = model.logits(symbol)
    return bytes(result)


# seed, task, count, sharpness, prompt
VECTORS = [
    (1, 0, 96, 256, b"A validator is "),
    (1, 1, 96, 256, b"A validator is "),
    (7, 4_095, 64, 512, b"Why should "),
    (0xFFFF_FFFF_FFFF_FFFF, 2, 160, 384, b"The network pays for work. A "),
    (3, 0, 24, 65_535, b"\nHere is the life of one "),
    (3, 0, 16, 1, b"~"),
]
PROMPTS = [b"A", b"A validator ", b"Zq#9 {~}", b"The table is a list of rows. " * 8, bytes(range(32, 124)).replace(b"|", b"")]


def main():
    with open("weights.bin", "rb") as file:
        weights = file.read()
    if sys.argv[1:] == ["vectors"]:
        print("# Continuations by model/reference.py with model/weights.bin; \\n stands for a line feed.")
        print("# seed task count sharpness | prompt | continuation")
        for seed, task, count, sharpness, prompt in VECTORS:
            text = generated(weights, prompt, task, seed, count, sharpness)
            shown = [part.decode().replace("\n", "\\n") for part in (prompt, text)]
            print(f"{seed} {task} {count} {sharpness} | {shown[0]} | {shown[1]}")
        print("# Where no byte is asked for: SHA-256 of the next byte's 96 logits, which shows every bit of the way there.")
        for prompt in PROMPTS:
            model = Model(weights)
            for symbol in symbols(prompt):
                logits = model.logits(symbol)
            digest = hashlib.sha256(struct.pack("<96i", *logits)).hexdigest()
            print(f"0 0 0 256 | {prompt.decode()} | {digest}")
    elif sys.argv[1:] == ["loss"]:
        with open("corpus.txt", encoding="ascii") as file:
            text = symbols(unwrapped(file.read()).encode()[:1_000])
        model, bits = Model(weights), 0
        for symbol, following in zip(text, text[1:]):
            logits = [value / (1 << 18) for value in model.logits(symbol)]
            bits += math.log2(sum(2**value for value in logits)) - logits[following]
        print(f"{bits / 999:.3f} bits per byte")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
