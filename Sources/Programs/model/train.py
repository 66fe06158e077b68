"""Trains the float model on corpus.txt, rounds it to integers and writes weights.bin. Scripts/train calls it.

Decoder of bytes: embedding, then per layer x += attention(norm(x)) and x += down(relu(up(norm(x)))), then head(norm(x)).
norm(x) = x / sqrt(mean(x^2)) without a gain; a head's attention falls by 2^-slope per byte of distance and sees `WINDOW`
bytes. The seed is fixed, so one machine gives one file; another processor may round the sums otherwise.
"""
import sys
import time

import numpy as np

import reference

LAYERS, WIDTH, HEADS, HIDDEN, WINDOW = 3, 96, 4, 256, 128
SYMBOLS = reference.SYMBOLS
BATCH, RATE, DECAY = 16, 3e-3, 0.1
LN2 = float(np.log(2))


def begin(random):
    """The matrices, rows = outputs. The ones that write into the sum start small."""
    def matrix(rows, columns, scale=1.0):
        return (random.standard_normal((rows, columns)) * scale / np.sqrt(columns)).astype(np.float32)

    weights = {"embedding": matrix(SYMBOLS, WIDTH, np.sqrt(WIDTH) * 0.5), "head": matrix(SYMBOLS, WIDTH, 0.5)}
    for layer in range(LAYERS):
        weights[f"qkv{layer}"] = matrix(3 * WIDTH, WIDTH)
        weights[f"out{layer}"] = matrix(WIDTH, WIDTH, 0.4)
        weights[f"up{layer}"] = matrix(HIDDEN, WIDTH)
        weights[f"down{layer}"] = matrix(WIDTH, HIDDEN, 0.4)
    return weights


def norm(x):
    scale = 1 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + np.float32(1e-6))
    return x * scale, scale


def norm_back(grad, y, scale):
    return scale * (grad - y * np.mean(grad * y, axis=-1, keepdims=True))


def times(x, matrix):
    return (x.reshape(-1, x.shape[-1]) @ matrix.T).reshape(*x.shape[:-1], matrix.shape[0])


def times_back(grad, x, matrix):
    """The gradients of matrix and x."""
    flat = grad.reshape(-1, grad.shape[-1])
    return flat.T @ x.reshape(-1, x.shape[-1]), (flat @ matrix).reshape(x.shape)


def distances(length):
    """Per head what a score loses with distance; what lies ahead loses everything."""
    away = np.arange(length)[:, None] - np.arange(length)[None, :]
    bias = np.stack([-LN2 * away * 2.0 ** -reference.slope(head) for head in range(HEADS)])
    return np.where((away < 0) | (away >= WINDOW), -1e9, bias).astype(np.float32)


def split(x):
    count, length, _ = x.shape
    return np.ascontiguousarray(x.reshape(count, length, HEADS, WIDTH // HEADS).transpose(0, 2, 1, 3))


def join(x):
    count, _, length, _ = x.shape
    return x.transpose(0, 2, 1, 3).reshape(count, length, WIDTH)


def forward(weights, text, bias):
    """Logits and what the way back needs."""
    x, kept = weights["embedding"][text], []
    root = np.float32((WIDTH // HEADS) ** -0.5)
    for layer in range(LAYERS):
        y, scale = norm(x)
        q, k, v = [split(part) for part in np.split(times(y, weights[f"qkv{layer}"]), 3, axis=-1)]
        score = q @ k.transpose(0, 1, 3, 2)
        score *= root
        score += bias
        score -= score.max(axis=-1, keepdims=True)
        share = np.exp(score)
        share /= share.sum(axis=-1, keepdims=True)
        mixed = join(share @ v)
        x = x + times(mixed, weights[f"out{layer}"])
        z, scale2 = norm(x)
        hidden = np.maximum(times(z, weights[f"up{layer}"]), 0)
        x = x + times(hidden, weights[f"down{layer}"])
        kept.append((y, scale, q, k, v, share, mixed, z, scale2, hidden))
    y, scale = norm(x)
    return times(y, weights["head"]), (kept, y, scale)


def loss_of(logits, target):
    """Mean of -ln p(target), and its gradient with respect to the logits."""
    logits = logits - logits.max(axis=-1, keepdims=True)
    share = np.exp(logits)
    share /= share.sum(axis=-1, keepdims=True)
    picked = np.take_along_axis(share, target[..., None], axis=-1)
    loss = float(-np.mean(np.log(picked + 1e-30)))
    np.put_along_axis(share, target[..., None], picked - 1, axis=-1)
    return loss, share / np.float32(target.size)


def backward(weights, text, grad, caches):
    kept, y, scale = caches
    root = np.float32((WIDTH // HEADS) ** -0.5)
    grads = {}
    grads["head"], back = times_back(grad, y, weights["head"])
    dx = norm_back(back, y, scale)
    for layer in reversed(range(LAYERS)):
        y, scale, q, k, v, share, mixed, z, scale2, hidden = kept[layer]
        grads[f"down{layer}"], back = times_back(dx, hidden, weights[f"down{layer}"])
        grads[f"up{layer}"], back = times_back(back * (hidden > 0), z, weights[f"up{layer}"])
        dx = dx + norm_back(back, z, scale2)
        grads[f"out{layer}"], back = times_back(dx, mixed, weights[f"out{layer}"])
        back = split(back)
        dv = share.transpose(0, 1, 3, 2) @ back
        dscore = back @ v.transpose(0, 1, 3, 2)
        dscore -= np.sum(dscore * share, axis=-1, keepdims=True)
        dscore *= share
        dscore *= root
        parts = [join(part) for part in (dscore @ k, dscore.transpose(0, 1, 3, 2) @ q, dv)]
        grads[f"qkv{layer}"], back = times_back(np.concatenate(parts, axis=-1), y, weights[f"qkv{layer}"])
        dx = dx + norm_back(back, y, scale)
    grads["embedding"] = np.zeros_like(weights["embedding"])
    np.add.at(grads["embedding"], text.reshape(-1), dx.reshape(-1, WIDTH))
    return grads


def train(text, steps, seed=1):
    """Adam with a warm-up and a cosine, over windows drawn anywhere in the text taken as a ring."""
    random = np.random.default_rng(seed)
    weights, bias = begin(random), distances(WINDOW)
    first = {name: np.zeros_like(value) for name, value in weights.items()}
    second = {name: np.zeros_like(value) for name, value in weights.items()}
    start, mean = time.time(), None
    for step in range(1, steps + 1):
        places = (random.integers(0, len(text), BATCH)[:, None] + np.arange(WINDOW + 1)) % len(text)
        window = text[places]
        logits, caches = forward(weights, window[:, :-1], bias)
        loss, grad = loss_of(logits, window[:, 1:])
        grads = backward(weights, window[:, :-1], grad, caches)
        size = float(np.sqrt(sum(np.sum(g * g) for g in grads.values())))
        clip = min(1.0, 1.0 / (size + 1e-9))
        rate = RATE * min(1, step / 100) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * step / steps)))
        for name, value in weights.items():
            g = grads[name] * np.float32(clip)
            first[name] += np.float32(0.1) * (g - first[name])
            second[name] += np.float32(0.01) * (g * g - second[name])
            update = first[name] / (1 - 0.9 ** step) / (np.sqrt(second[name] / (1 - 0.99 ** step)) + np.float32(1e-8))
            value -= (rate * (update + DECAY * value)).astype(np.float32)
        mean = loss if mean is None else mean + 0.02 * (loss - mean)
        if step % 100 == 0:
            print(f"step {step} of {steps}: loss {mean:.3f}, {time.time() - start:.0f} s", flush=True)
    return weights


def quantise(weights):
    """Bytes of weights.bin; the form is in transformer.swift."""
    # Queries carry 1/sqrt(head width) and the change to powers of two, so that scores need no factor.
    root = (WIDTH // HEADS) ** -0.5 / LN2

    def matrix(values, out_bits):
        """Rows of one byte per weight below a multiplier: acc * multiplier / 2^24 has `out_bits` fraction bits."""
        values = np.asarray(values, dtype=np.float64)
        scale = np.maximum(np.abs(values).max(axis=1), 1e-9) / 127
        small = np.rint(values / scale[:, None]).astype(np.int8)
        factors = np.rint(scale * 2.0 ** (24 + out_bits - reference.NORM_BITS)).astype("<i4")
        return factors.tobytes() + small.tobytes()

    parts = [np.array([LAYERS, WIDTH, HEADS, HIDDEN, WINDOW, SYMBOLS, 0], dtype="<u4").tobytes()]
    parts.append(np.rint(weights["embedding"] * 2.0 ** reference.SUM_BITS).astype("<i2").tobytes())
    for layer in range(LAYERS):
        q, k, v = np.split(weights[f"qkv{layer}"], 3)
        parts += [matrix(q * root, reference.SCORE_BITS), matrix(k, reference.SCORE_BITS), matrix(v, reference.NORM_BITS)]
        parts.append(matrix(weights[f"out{layer}"], reference.SUM_BITS))
        parts.append(matrix(weights[f"up{layer}"], reference.NORM_BITS))
        parts.append(matrix(weights[f"down{layer}"], reference.SUM_BITS))
    parts.append(matrix(weights["head"] / LN2, 2 * reference.SCORE_BITS))
    return reference.MAGIC + b"".join(parts)


def main():
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 1500
    with open("corpus.txt", encoding="ascii") as file:
        text = np.array(reference.symbols(reference.unwrapped(file.read()).encode()))
    weights = train(text, steps)
    probe = text[None, : WINDOW + 1]
    print(f"on the first window: {loss_of(forward(weights, probe[:, :-1], distances(WINDOW))[0], probe[:, 1:])[0]:.3f}")
    with open(sys.argv[1], "wb") as file:
        file.write(quantise(weights))


main()
