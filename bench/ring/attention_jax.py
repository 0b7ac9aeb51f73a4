"""haoliuhl/ringattention over several host devices of JAX, causal, float32, forward and gradients.

usage: attention_jax.py TOKENS HEADS HEAD_DIM THREADS DEVICES
"""
import os
import sys
import types
from functools import partial

from turns import keep_to, missing, take_turns

tokens, heads, head_dim, threads, devices = map(int, sys.argv[1:])
keep_to(threads)
os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={devices}"
os.environ["JAX_PLATFORMS"] = "cpu"
try:
    import jax
    import jax.lib
    import jax.numpy as jnp
    import numpy as np
    from jax.sharding import Mesh, PartitionSpec

    if not hasattr(jax.lib, "xla_bridge"):
        # ringattention 0.1.2 asks it for the platform; newer JAX has it no more.
        cpu = types.SimpleNamespace(platform="cpu")
        jax.lib.xla_bridge = types.SimpleNamespace(get_backend=lambda: cpu)
    from ringattention.ringattention_jax import ring_attention
except ImportError as error:
    missing(error)

CHUNK = min(512, tokens // devices)
blockwise = dict(
    causal_block_size=1, deterministic=True, dropout_rng=None, attn_pdrop=0.0, query_chunk_size=CHUNK,
    key_chunk_size=CHUNK, dtype=jnp.float32, policy=None, precision=None, prevent_cse=True,
)
ring = partial(
    ring_attention, axis_name="sp", float32_logits=True, cache_idx=None, blockwise_kwargs=blockwise
)
mesh = Mesh(np.array(jax.devices()[:devices]), ("sp",))
spec = PartitionSpec(None, "sp", None, None)
attention = jax.shard_map(
    lambda q, k, v: ring(q, k, v, None, None), mesh=mesh, in_specs=(spec,) * 3, out_specs=spec, check_vma=False
)
shape = (1, tokens, heads, head_dim)
q, k, v = (jax.random.normal(jax.random.PRNGKey(i), shape) for i in range(3))
gradients = jax.jit(jax.grad(lambda q, k, v: attention(q, k, v).sum(), argnums=(0, 1, 2)))
take_turns(lambda: jax.block_until_ready(gradients(q, k, v)), jax=jax.__version__, devices=devices)
