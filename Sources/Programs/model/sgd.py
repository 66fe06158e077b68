"""The training of sgd.swift once more, in plain Python: a float rounded after every operation, which gives the
bits of float32 arithmetic (53 bits are more than twice 24 and two). Also what a requester makes of the answers of
several tasks: the median of each number. Prints the vectors of the tests.

    python3 sgd.py vectors       rows `step | setting | right loss SHA-256 of the output` and
                                 `rounds | setting | SHA-256 of the model after the rounds`
    python3 sgd.py loss          the loss of twelve rounds of twelve tasks, which takes minutes
    python3 sgd.py input         a job's input with a new model, as bytes
"""
import hashlib
import math
import struct
import sys

SIDE, PIXELS, CLASSES = 8, 64, 10
MASK = (1 << 64) - 1
SINGLE = struct.Struct("<f")

FONT = """
01110 10001 10011 10101 11001 10001 01110
00100 01100 00100 00100 00100 00100 01110
01110 10001 00001 00010 00100 01000 11111
11111 00010 00100 00010 00001 10001 01110
00010 00110 01010 10010 11111 00010 00010
11111 10000 11110 00001 00001 10001 01110
00110 01000 10000 11110 10001 10001 01110
11111 00001 00010 00100 01000 01000 01000
01110 10001 10001 01110 10001 10001 01110
01110 10001 10001 01111 00001 00010 01100
"""
GLYPHS = [line.split() for line in FONT.split("\n") if line]


def single(value):
    """To the nearest float32."""
    return SINGLE.unpack(SINGLE.pack(value))[0]


def splitmix(state):
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        word = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & MASK
        word = ((word ^ word >> 27) * 0x94D049BB133111EB) & MASK
        yield word ^ word >> 31


def xoshiro(seed):
    """xoshiro256** seeded by splitmix64: the numbers of a new model."""
    mixer = splitmix(seed)
    s = [next(mixer) for _ in range(4)]

    def turned(word, count):
        return (word << count | word >> (64 - count)) & MASK

    while True:
        yield (turned(s[1] * 5 & MASK, 7) * 9) & MASK
        shifted = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = turned(s[3], 45)


def new_model(seed, hidden):
    """Weights are multiples of 2^-17 from -1/4 to 1/4, biases zero."""
    words = xoshiro(seed)

    def weights(count):
        return [((next(words) & 65_535) - 32_768) / 131_072 for _ in range(count)]

    return weights(PIXELS * hidden) + [0.0] * hidden + weights(CLASSES * hidden) + [0.0] * CLASSES


def samples(seed, task):
    words = splitmix(seed ^ (task * 0xD1342543DE82EF95) & MASK)
    while True:
        choice = next(words)
        digit, left, top = ((choice >> 32) * CLASSES) >> 32, choice & 3, choice >> 2 & 1
        image = []
        for row in range(SIDE):
            noise = next(words).to_bytes(8, "little")
            for column in range(SIDE):
                y, x = row - top, column - left
                ink = 0 <= y < 7 and 0 <= x < 5 and GLYPHS[digit][y][x] == "1"
                image.append((noise[column] - 128 + 256 * ink) / 256)
        yield image, digit


def exponential(value):
    """e^x in the terms of maths.swift."""
    x = min(max(value, -700.0), 700.0)
    scale = float(round(x * 1.4426950408889634))
    rest = (x - scale * float.fromhex("0x1.62e42feep-1")) - scale * float.fromhex("0x1.a39ef35793c76p-33")
    total = 1.0 / math.factorial(13)
    for power in range(12, -1, -1):
        total = total * rest + 1.0 / math.factorial(power)
    return math.ldexp(total, int(scale))


def logarithm(x):
    mantissa, exponent = math.frexp(x)
    mantissa, exponent = mantissa * 2, exponent - 1
    if mantissa > 1.4142135623730951:
        mantissa, exponent = mantissa * 0.5, exponent + 1
    ratio = (mantissa - 1) / (mantissa + 1)
    square, total = ratio * ratio, 1.0 / 21
    for odd in range(19, 0, -2):
        total = total * square + 1.0 / odd
    high, low = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
    return exponent * high + (2 * ratio * total + exponent * low)


class Network:
    def __init__(self, model, hidden):
        self.hidden, place = hidden, 0

        def take(count):
            nonlocal place
            place += count
            return list(model[place - count : place])

        self.first = [take(hidden) for _ in range(PIXELS)]
        self.first_bias = take(hidden)
        self.second = [take(hidden) for _ in range(CLASSES)]
        self.second_bias = take(CLASSES)
        assert place == len(model)

    @property
    def rows(self):
        return [*self.first, self.first_bias, *self.second, self.second_bias]

    def learn(self, image, label, gradient):
        """Adds to the gradient; the loss, and whether the label has the one highest score."""
        hidden = list(self.first_bias)
        for value, row in zip(image, self.first):
            hidden = [single(sum_ + single(value * weight)) for sum_, weight in zip(hidden, row)]
        hidden = [0.0 if value < 0 else value for value in hidden]
        scores = []
        for row, bias in zip(self.second, self.second_bias):
            lanes = [0.0] * 4
            for unit, (value, weight) in enumerate(zip(hidden, row)):
                lanes[unit % 4] = single(lanes[unit % 4] + single(value * weight))
            low, high = single(lanes[0] + lanes[1]), single(lanes[2] + lanes[3])
            scores.append(single(single(low + high) + bias))
        top = max(scores)
        shares = [exponential(score - top) for score in scores]
        total = 0.0
        for share in shares:
            total += share
        blame = [0.0] * self.hidden
        for digit, row in enumerate(self.second):
            error = single(shares[digit] / total - (digit == label))
            blame = [single(own + single(error * weight)) for own, weight in zip(blame, row)]
            add(gradient.second[digit], error, hidden)
            gradient.second_bias[digit] = single(gradient.second_bias[digit] + error)
        blame = [0.0 if value <= 0 else own for value, own in zip(hidden, blame)]
        add(gradient.first_bias, 1.0, blame)
        for value, row in zip(image, gradient.first):
            add(row, value, blame)
        isRight = all(score < scores[label] for digit, score in enumerate(scores) if digit != label)
        return logarithm(total) - (scores[label] - top), isRight


def add(row, factor, values):
    for place, value in enumerate(values):
        row[place] = single(row[place] + single(factor * value))


def packed(model):
    return struct.pack(f"<{len(model)}f", *model)


def task_output(model, setting, seed, task):
    hidden, batch, steps, rate = setting
    network, source = Network(model, hidden), samples(seed, task)
    right, loss = 0, 0.0
    for step in range(steps):
        gradient = Network([0.0] * len(model), hidden)
        for _ in range(batch):
            found, isRight = network.learn(*next(source), gradient)
            if step == 0:
                loss, right = loss + found, right + isRight
        factor = -single(single(rate) / batch)
        for row, own in zip(network.rows, gradient.rows):
            add(row, factor, own)
    trained = [value for row in network.rows for value in row]
    return right, single(loss / batch), trained


def median(values):
    """Of an even number of values half the sum of the two in the middle."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else single(single(ordered[half - 1] + ordered[half]) * 0.5)


def rounds(model, setting, seed, tasks, count):
    for turn in range(count):
        answers = [task_output(model, setting, seed + turn, task) for task in range(tasks)]
        yield median([loss for _, loss, _ in answers]), sum(right for right, _, _ in answers)
        model[:] = [median(column) for column in zip(*(trained for _, _, trained in answers))]


# hidden, batch, steps, rate; seed of the samples, task, seed of the model
STEPS = [
    ((32, 16, 4, 0.3), 1, 0, 5),
    ((32, 16, 4, 0.3), 1, 1, 5),
    ((4, 1, 1, 1.0), 0, 0, 0),
    ((8, 7, 9, 0.05), 0xFFFF_FFFF_FFFF_FFFF, 4_095, 77),
    ((64, 3, 2, 0.001), 12, 0xFFFF_FFFF, 1 << 63),
    ((12, 256, 1, 0.7), 3, 2, 9),
]
# hidden, batch, steps, rate; seed of the first round, tasks, rounds, seed of the model
ROUNDS = [((8, 4, 8, 0.25), 40, 5, 3, 2), ((12, 6, 5, 0.5), 7, 4, 4, 3)]


def main():
    if sys.argv[1:] == ["vectors"]:
        print("# By model/sgd.py. step | hidden batch steps rate seed task model | right, bits of the loss, output")
        for setting, seed, task, model in STEPS:
            right, loss, trained = task_output(new_model(model, setting[0]), setting, seed, task)
            digest = hashlib.sha256(struct.pack("<If", right, loss) + packed(trained)).hexdigest()
            print("step |", *setting, seed, task, model, "|", right, struct.pack(">f", loss).hex(), digest)
        print("# rounds | hidden batch steps rate seed tasks rounds model | bits of the last loss, right, the model")
        for setting, seed, tasks, count, start in ROUNDS:
            model = new_model(start, setting[0])
            loss, right = list(rounds(model, setting, seed, tasks, count))[-1]
            digest = hashlib.sha256(packed(model)).hexdigest()
            print("rounds |", *setting, seed, tasks, count, start, "|", struct.pack(">f", loss).hex(), right, digest)
    elif sys.argv[1:] == ["loss"]:
        for loss, right in rounds(new_model(1, 32), (32, 16, 64, 0.3), 0, 12, 12):
            print(f"{loss:.4f} {right / 192:.3f}", flush=True)
    elif sys.argv[1:] == ["input"]:
        model = new_model(1, 32)
        sys.stdout.buffer.write(struct.pack("<IIIfQ", 32, 16, 64, 0.3, 1) + packed(model))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
