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
_MAP = "map"  # softmax of anything else: no ratio of its own, but what it is multiplied with is a value
_MAPS = ("probability", "dropped_probability", _MAP)
_COARSE = {kind for kind, (factor, _) in SPLIT.items() if factor > 1}  # right for products alone
_LOWEST_RATIO = 2  # below it nothing is gained


def ratio_of(kind: str, ratio: float, bits: int) -> float:
    """The ratio that ``split="gradient"`` gives a kind, of values that have so many bits."""
    factor, most = SPLIT[kind]
    wide = ratio * 32 / bits  # against float32
    return max(min(wide * factor, most), min(wide, _LOWEST_RATIO)) * bits / 32


class Op(NamedTuple):
    """A function at work: what it saves, and what it makes."""

    name: str = ""  # "norm", "loss" or "attention", whose statistics stay exact
    saves: Optional[str] = None
    inputs: Dict[Any, Optional[str]] = {}  # other kinds, of tensors by their key
    makes: Optional[str] = None
    coarse: bool = False  # what a kind has in few bits may be kept so
    guess: bool = False  # memory that is held already is not packed again for it
    numel: int = -1  # of the input of a normalisation


_OTHER = Op()  # a function of torch without a rule
_OWN = Op()  # none: an autograd function of one's own


class Kinds(TorchFunctionMode):
    """Follows the functions of torch, whatever module calls them. follow=False: only names of Op."""

    def __init__(
        self, is_weight: Callable[[Tensor], bool], is_plain: Callable[[Any], bool], follow: bool, least: int
    ) -> None:
        super().__init__()
        self._is_weight, self._is_plain, self._follow, self._least = is_weight, is_plain, follow, least
        # The reference keeps an address from coming again. The last: whether it was said, by the caller of mark.
        self._made: Dict[Any, Tuple[StorageWeakRef, str, bool]] = {}
        self._limit = 4096
        self.forget()

    def forget(self) -> None:
        self._made.clear()
        self.end()

    def end(self) -> None:
        """No function is at work, also after one that an exception ended: what a function of one's own saves."""
        self.op, self._call = _OWN, ("", (), {})

    def mark(self, t: Any, kind: str, said: bool = False) -> None:
        """`t` as it is now: a write to it makes it something else. said: by the user."""
        if not self._follow or not self._is_plain(t) or t.numel() < self._least:
            return
        if len(self._made) >= self._limit:
            self._made = {key: made for key, made in self._made.items() if not made[0].expired()}
            self._limit = max(4096, 2 * len(self._made))
        key = _key(t)
        if key is not None:
            self._made[key] = (StorageWeakRef(storage_of(t)), kind, said)

    def made(self, t: Any) -> Optional[str]:
        """What `t` was made as."""
        found = self._made.get(_key(t)) if self._is_plain(t) else None
        return None if found is None else found[1]

    def is_cast(self, t: Tensor) -> bool:
        """Whether `t` has the shape of a weight that the function at work was given in another type, as under
        autocast, whichever module it belongs to."""
        name, args, kwargs = self._call
        shapes = [tuple(w.shape) for w in _tensors(args, kwargs) if w.dtype != t.dtype and self._weighs(w)]
        if name == "multi_head_attention_forward":  # which takes its first weight apart
            shapes += [(n * shape[1], shape[1]) for shape in shapes if len(shape) == 2 for n in (1, 2)]
        return tuple(t.shape) in shapes or tuple(t.shape[::-1]) in shapes

    def of(self, t: Tensor) -> FrozenSet[str]:
        """What `t` is, that the function at work saves; of two kinds the finer one is right."""
        key = _key(t)
        if key in self.op.inputs:
            kinds = {self.op.inputs[key]}
        else:
            _, made, said = self._made.get(key, (None, None, False))
            coarse = self.op.coarse or (said and self.op is _OWN)
            kinds = {made if coarse or made not in _COARSE else None, self.op.saves}
        return frozenset(kinds & SPLIT.keys())

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        rule = _RULES.get(name) if self._follow or name in _NAMED else None
        op = (rule(self, args, kwargs) if rule is not None else None) or _OTHER
        before, self.op, self._call = (self.op, self._call), op, (name, args, kwargs)
        try:
            result = func(*args, **kwargs)
        finally:
            self.op, self._call = before
        if op.makes is not None:
            self.mark(result[0] if isinstance(result, tuple) and result else result, op.makes)
        return result

    # ---- rules: the function that is called, from its arguments; None: nothing is known ----

    def _copies(self, args: Any, kwargs: Any) -> Optional[Op]:
        made = self.made(_first(args, kwargs))
        return None if made is None else Op(makes=made)

    def _scores(self, args: Any, kwargs: Any) -> Optional[Op]:
        """Scores with a mask, a factor, an end."""
        return Op(makes=_SCORES) if any(self.made(t) == _SCORES for t in _tensors(args, kwargs)) else None

    def _softmax(self, args: Any, kwargs: Any) -> Op:
        scores = self.made(_first(args, kwargs)) == _SCORES
        return Op(saves="probability", makes="probability", coarse=True) if scores else Op(makes=_MAP)

    def _dropout(self, args: Any, kwargs: Any) -> Optional[Op]:
        made = self.made(_first(args, kwargs))
        return Op(makes="dropped_probability") if made in ("probability", _SCORES) else self._copies(args, kwargs)

    def _multiply(self, args: Any, kwargs: Any) -> Optional[Op]:
        pair = _tensors(args, kwargs)
        same = len(pair) == 2 and pair[0].shape == pair[1].shape and not any(self._weighs(t) for t in pair)
        if same and any(self.made(t) in ("gate_up", "gelu_output") for t in pair):
            return Op(saves="gate_up", makes="gated")
        return self._scores(args, kwargs)

    def _weighs(self, t: Tensor) -> bool:
        return self._is_plain(t) and self._is_weight(t)

    def _product(self, args: Any, kwargs: Any) -> Op:
        """Of two activations, batch by batch: attention. The first is a map, or both are query and key."""
        pair = _tensors(args, kwargs)[-2:]
        if len(pair) < 2 or any(t.dim() < 3 or not self._is_plain(t) or self._is_weight(t) for t in pair):
            return Op(coarse=True)
        first = self.made(pair[0])
        if first in _MAPS:
            inputs = {_key(pair[0]): first if first in SPLIT else None}
            return Op(saves="value", inputs=inputs, makes="attention_output", coarse=True, guess=True)
        return Op(saves="query", makes=_SCORES, guess=True)

    def _attention(self, args: Any, kwargs: Any) -> Op:
        names = ("query", "key", "value")
        parts = [*args[:3], *(kwargs[name] for name in names[len(args[:3]) :] if name in kwargs)]
        # Backwards: of one tensor in several places the finest kind stays.
        inputs = {_key(t): name for t, name in reversed(list(zip(parts, names))) if self._is_plain(t)}
        return Op("attention", saves="attention_output", inputs=inputs, makes="attention_output")

    def _norm(self, args: Any, kwargs: Any) -> Op:
        first = _first(args, kwargs)
        numel = first.numel() if isinstance(first, Tensor) else -1
        return Op("norm", saves="residual", makes="norm_output", numel=numel)


def _first(args: Any, kwargs: Any) -> Any:
    return args[0] if args else kwargs.get("input")


def _tensors(args: Any, kwargs: Any) -> List[Tensor]:
    flat = [t for arg in (*args, *kwargs.values()) for t in (arg if isinstance(arg, (list, tuple)) else [arg])]
    return [t for t in flat if isinstance(t, Tensor)]


def storage_of(t: Tensor) -> Any:
    return t.untyped_storage() if hasattr(t, "untyped_storage") else t._storage()


def _key(t: Tensor) -> Any:
    """The same for all views of the same values, in any order and shape. None: it has no memory."""
    try:
        start = (storage_of(t)._cdata, t.storage_offset(), t._version)
    except (RuntimeError, NotImplementedError):
        return None
    dims: List[Tuple[int, int]] = []
    for stride, size in sorted((s, n) for n, s in zip(t.shape, t.stride()) if n != 1):
        if dims and stride == dims[-1][0] * dims[-1][1]:
            stride, size = dims[-1][0], dims.pop()[1] * size
        dims.append((stride, size))
    return (*start, *dims)


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
_NAMED = {*_NORMS, *_LOSSES, "scaled_dot_product_attention"}
_RULES: Dict[str, Callable[[Kinds, Any, Any], Optional[Op]]] = {
    **dict.fromkeys(_NORMS, Kinds._norm),
    **dict.fromkeys(_LOSSES, _fixed(Op("loss"))),
    "scaled_dot_product_attention": Kinds._attention,
    "gelu": _fixed(Op(saves="gelu_input", makes="gelu_output")),
    "silu": _fixed(Op(saves="silu_input", makes="gate_up")),
    "softmax": Kinds._softmax,
    "dropout": Kinds._dropout,
    **dict.fromkeys(("mul", "multiply", "__mul__", "__rmul__"), Kinds._multiply),
    **dict.fromkeys(("matmul", "__matmul__", "bmm", "baddbmm", "einsum"), Kinds._product),
    **dict.fromkeys(("linear", "addmm", "conv1d", "conv2d", "conv3d"), _fixed(Op(coarse=True))),
    **dict.fromkeys(("contiguous", "reshape", "flatten", "clone", "to", "type_as"), Kinds._copies),
    **dict.fromkeys(("float", "half", "bfloat16", "double"), Kinds._copies),
    **dict.fromkeys(("add", "__add__", "__radd__", "add_", "__iadd__", "sub", "__sub__"), Kinds._scores),
    **dict.fromkeys(("mul_", "__imul__", "div", "__truediv__", "true_divide", "div_", "__itruediv__"), Kinds._scores),
    **dict.fromkeys(("masked_fill", "masked_fill_", "where", "tanh", "clamp", "cat", "__getitem__"), Kinds._scores),
}
