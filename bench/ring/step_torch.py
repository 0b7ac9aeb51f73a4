"""One training step of a causal transformer in PyTorch eager: forward, loss, backward, clipping, AdamW; float32.

usage: step_torch.py TOKENS LAYERS WIDTH HEADS FEATURES HORIZON THREADS

The network of ours without its rotary turns and its direct path from inputs to outputs, which are work that this side
is spared.
"""
import sys

from turns import keep_to, missing, take_turns

tokens, layers, width, heads, features, horizon, threads = map(int, sys.argv[1:])
keep_to(threads)
try:
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
except ImportError as error:
    missing(error)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.before_attention, self.before_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):  # (1, tokens, width)
        q, k, v = (
            part.view(1, -1, heads, width // heads).transpose(1, 2)
            for part in self.qkv(self.before_attention(x)).split(width, -1)
        )
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(attended.transpose(1, 2).reshape(1, -1, width))
        return x + self.down(F.gelu(self.up(self.before_mlp(x))))


torch.set_num_threads(threads)
torch.manual_seed(0)
model = nn.Sequential(
    nn.Linear(features, width), *[Layer() for _ in range(layers)], nn.LayerNorm(width), nn.Linear(width, horizon)
)
optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
x, y = torch.randn(1, tokens, features), torch.randn(1, tokens, horizon)


def work():
    loss = F.smooth_l1_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


take_turns(work, torch=torch.__version__)
