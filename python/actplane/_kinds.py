# SPDX-License-Identifier: Apache-2.0
"""Which activation a tensor is: from the functions that make it and save it.

``split="gradient"`` gives the kinds different ratios (docs/training.md, "Split"). Where a function is
not one of those known here, a tensor has no kind, and the ratio as it is.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, FrozenSet, List, NamedTuple, Optional, Tuple

from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode

# Of a ratio against float32: factor, at most. kByGradient of train/stash/methods/actplane.cc.
HIGHEST_RATIO = 512 / 24
SPLIT: Dict[str, Tuple[float, float]] = {
    "residual": (1, 10),
    "norm_output": (0.85, 16),
    "query": (0.7, 6.4),
    "key": (0.7, 6.4),
    "value": (0.75, 10),
    "probability": (2, HIGHEST_RATIO),
    "dropped_probability": (2, HIGHEST_RATIO),
    "attention_output": (0.85, 10),
    "gelu_input": (0.6, 16),
    "gelu_output": (2, HIGHEST_RATIO),
    "silu_input": (0.75, 16),
    "gate_up": (0.9, 16),
    "gated": (1.6, HIGHEST_RATIO),
}
_LOWEST_RATIO = 2  # below it nothing is gained
_SCORES = "scores"  # of attention, before softmax: not kept, but softmax of them is
KINDS = (*SPLIT, _SCORES)
_MAPS = ("probability", "dropped_probability")


def ratio_of(kind: str, ratio: float, bits: int) -> float:
    """The ratio that ``split="gradient"`` gives a kind, of values that have so many bits."""
    factor, most = SPLIT[kind]
    wide = ratio * 32 / bits  # against float32
    return max(min(wide * factor, most), min(wide, _LOWEST_RATIO)) * bits / 32


class Op(NamedTuple):
    """A function at work: what it saves, and what it makes."""

    name: str = ""  # "norm", "loss" or "attention", whose statistics stay exact
    saves: Optional[str] = None
    inputs: Dict[Any, str] = {}  # other kinds, of tensors by their key
    makes: Optional[str] = None


class Kinds(TorchFunctionMode):
    """Follows the functions of torch, whatever module calls them."""

    def __init__(self, is_weight: Callable[[Tensor], bool], is_plain: Callable[[Any], bool]) -> None:
        super().__init__()
        self._is_weight, self._is_plain = is_weight, is_plain
        self._made: Dict[Any, Tuple[StorageWeakRef, str]] = {}  # the reference keeps an address from coming again
        self.op = Op()

    def forget(self) -> None:
        """Before a forward pass: kinds, and the function that an exception ended."""
        self._made.clear()
        self.op = Op()

    def mark(self, t: Any, kind: str) -> None:
        """`t` as it is now: a write to it makes it something else."""
        if self._is_plain(t):
            if len(self._made) >= 4096:  # nobody enters the model
                self._made = {key: made for key, made in self._made.items() if not made[0].expired()}
            self._made[_key(t)] = (StorageWeakRef(storage_of(t)), kind)

    def made(self, t: Any) -> Optional[str]:
        """What `t` was made as."""
        found = self._made.get(_key(t)) if self._is_plain(t) else None
        return None if found is None else found[1]

    def of(self, t: Tensor) -> FrozenSet[str]:
        """What `t` is, that the function at work saves; of two kinds the finer one is right."""
        key = _key(t)
        if key in self.op.inputs:
            return frozenset({self.op.inputs[key]})
        return frozenset({self.made(t), self.op.saves} & SPLIT.keys())

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        rule = _RULES.get(getattr(func, "__name__", ""))
        op = rule(self, args, kwargs) if rule is not None else None
        if op is None:
            return func(*args, **kwargs)
        before, self.op = self.op, op
        try:
            result = func(*args, **kwargs)
        finally:
            self.op = before
        if op.makes is not None:
            self.mark(result[0] if isinstance(result, tuple) and result else result, op.makes)
        return result

    # ---- rules: the function that is called, from its arguments; None: nothing is known ----

    def _copies(self, args: Any, kwargs: Any) -> Optional[Op]:
        made = self.made(args[0]) if args else None
        return None if made is None else Op(makes=made)

    def _masks(self, args: Any, kwargs: Any) -> Optional[Op]:
        return Op(makes=_SCORES) if args and self.made(args[0]) == _SCORES else None

    def _softmax(self, args: Any, kwargs: Any) -> Optional[Op]:
        first = args[0] if args else kwargs.get("input")
        return Op(saves=_MAPS[0], makes=_MAPS[0]) if self.made(first) == _SCORES else None

    def _dropout(self, args: Any, kwargs: Any) -> Optional[Op]:
        made = self.made(args[0] if args else kwargs.get("input"))
        return None if made is None else Op(makes=_MAPS[1] if made in _MAPS else made)

    def _multiply(self, args: Any, kwargs: Any) -> Optional[Op]:
        made = [self.made(t) for t in args[:2]]
        if "gate_up" in made:
            return Op(saves="gate_up", makes="gated")
        return Op(makes=_SCORES) if _SCORES in made else None

    def _product(self, args: Any, kwargs: Any) -> Optional[Op]:
        """Of two activations, batch by batch: attention. The first is a map, or both are query and key."""
        pair = _tensors(args)[-2:]
        if len(pair) < 2 or any(t.dim() < 3 or self._is_weight(t) for t in pair):
            return None
        first = self.made(pair[0])
        if first in _MAPS:
            return Op(saves="value", inputs={_key(pair[0]): first}, makes="attention_output")
        return Op(saves="query", makes=_SCORES)

    def _attention(self, args: Any, kwargs: Any) -> Op:
        names = ("query", "key", "value")
        parts = [*args[:3], *(kwargs[name] for name in names[len(args[:3]) :] if name in kwargs)]
        inputs = {_key(t): name for t, name in zip(parts, names) if self._is_plain(t)}
        return Op("attention", saves="attention_output", inputs=inputs, makes="attention_output")


def _tensors(args: Any) -> List[Tensor]:
    flat = [t for arg in args for t in (arg if isinstance(arg, (list, tuple)) else [arg])]
    return [t for t in flat if isinstance(t, Tensor)]


def storage_of(t: Tensor) -> Any:
    return t.untyped_storage() if hasattr(t, "untyped_storage") else t._storage()


def _key(t: Tensor) -> Any:
    """The same for views that hold all of `t`, in any order."""
    return (storage_of(t)._cdata, t.storage_offset(), t.numel(), t._version)


def _fixed(op: Op) -> Callable[[Kinds, Any, Any], Op]:
    return lambda kinds, args, kwargs: op


_NORMS = (
    "layer_norm",
    "group_norm",
    "batch_norm",
    "instance_norm",
    "rms_norm",
    "native_layer_norm",
    "native_batch_norm",
    "native_group_norm",
    "local_response_norm",
)
_LOSSES = (
    "cross_entropy",
    "log_softmax",
    "nll_loss",
    "kl_div",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "ctc_loss",
    "gaussian_nll_loss",
    "poisson_nll_loss",
)
_RULES: Dict[str, Callable[[Kinds, Any, Any], Optional[Op]]] = {
    **dict.fromkeys(_NORMS, _fixed(Op("norm", saves="residual", makes="norm_output"))),
    **dict.fromkeys(_LOSSES, _fixed(Op("loss"))),
    "scaled_dot_product_attention": Kinds._attention,
    "gelu": _fixed(Op(saves="gelu_input", makes="gelu_output")),
    "silu": _fixed(Op(saves="silu_input", makes="gate_up")),
    "softmax": Kinds._softmax,
    "dropout": Kinds._dropout,
    **dict.fromkeys(("mul", "multiply", "__mul__", "__rmul__"), Kinds._multiply),
    **dict.fromkeys(("matmul", "__matmul__", "bmm", "baddbmm", "einsum"), Kinds._product),
    **dict.fromkeys(("contiguous", "reshape", "flatten", "clone", "to", "float", "type_as"), Kinds._copies),
    **dict.fromkeys(("add", "__add__", "add_", "__iadd__", "sub", "__sub__"), Kinds._masks),
    **dict.fromkeys(("mul_", "__imul__", "div", "__truediv__", "true_divide", "div_", "__itruediv__"), Kinds._masks),
    **dict.fromkeys(("masked_fill", "masked_fill_"), Kinds._masks),
}
