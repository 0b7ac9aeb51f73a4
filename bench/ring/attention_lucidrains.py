"""lucidrains/ring-attention-pytorch over two gloo processes, causal, float32, forward and gradients.

usage: attention_lucidrains.py TOKENS HEADS HEAD_DIM PROCESSES
"""
import multiprocessing
import os
import sys
import tempfile

from turns import keep_to, missing, take_turns

try:
    import torch
    import torch.distributed as dist
    from ring_attention_pytorch.ring_flash_attention import ring_flash_attn
except ImportError as error:
    missing(error)


def join(rank, tokens, heads, head_dim, processes, meeting):
    """Joins the ring and returns one repetition of this rank's share."""
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=processes)
    torch.set_num_threads(1)
    torch.manual_seed(rank)
    q, k, v = (torch.randn(1, tokens // processes, heads, head_dim, requires_grad=True) for _ in range(3))

    def work():
        # Striped, with the larger buckets: the faster of its settings here.
        out = ring_flash_attn(q, k, v, causal=True, bucket_size=512, ring_reduce_col=True, striped_ring_attn=True)
        torch.autograd.grad(out.sum(), (q, k, v))
        dist.barrier()

    return work


def follow(turns, rank, *shape):
    work = join(rank, *shape)
    while turns.recv():
        work()


if __name__ == "__main__":
    tokens, heads, head_dim, processes = map(int, sys.argv[1:])
    keep_to(processes)
    shape = (tokens, heads, head_dim, processes, os.path.join(tempfile.mkdtemp(), "meeting"))
    spawn = multiprocessing.get_context("spawn")
    pipes = []
    for rank in range(1, processes):
        ours, theirs = spawn.Pipe()
        spawn.Process(target=follow, args=(theirs, rank, *shape), daemon=True).start()
        pipes.append(ours)
    share = join(0, *shape)

    def work():
        for pipe in pipes:
            pipe.send(True)
        share()

    take_turns(work, torch=torch.__version__, processes=processes)
