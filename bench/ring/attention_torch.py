"""PyTorch's scaled_dot_product_attention, causal, float32, forward and the gradients of q, k and v.

usage: attention_torch.py TOKENS HEADS HEAD_DIM THREADS
"""
import sys

from turns import keep_to, missing, take_turns

tokens, heads, head_dim, threads = map(int, sys.argv[1:])
keep_to(threads)
try:
    import torch
    import torch.nn.functional as F
except ImportError as error:
    missing(error)

torch.set_num_threads(threads)
torch.manual_seed(0)
q, k, v = (torch.randn(1, heads, tokens, head_dim, requires_grad=True) for _ in range(3))


def work():
    out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    torch.autograd.grad(out.sum(), (q, k, v))


take_turns(work, torch=torch.__version__)
