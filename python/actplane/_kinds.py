# SPDX-License-Identifier: Apache-2.0
"""Which activation a tensor is: from the functions that make it and save it.

``split="gradient"`` gives the kinds different ratios (docs/training.md, "Split"). Where a function is
not one of those known here, a tensor has no kind, and the ratio as it is.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, FrozenSet, List, NamedTuple, Optional, Tuple

import torch.nn.functional
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
EXACT = "exact"  # whoever saves it
KINDS = (*SPLIT, _SCORES, EXACT)
_MAP = "map"  # softmax of anything else: no ratio of its own, but what it is multiplied with is a value
_MAPS = ("probability", "dropped_probability", _MAP)
_COARSE = {kind for kind, (factor, _) in SPLIT.items() if factor > 1}  # right for products alone


def ratio_of(kind: str, ratio: float, bits: int) -> float:
    """The ratio that ``split="gradient"`` gives a kind, of values that have so many bits."""
    factor, most = SPLIT[kind]
    wide = ratio * 32 / bits  # against float32
    return max(min(wide * factor, most), min(wide, _LOWEST_RATIO)) * bits / 32


class Op(NamedTuple):
    """A function at work: what it saves, and what it makes."""

    name: str = ""  # "exact": all that it saves; "norm": what is not as long as its input
    saves: Optional[str] = None
    inputs: Dict[Any, Optional[str]] = {}  # other kinds, of tensors by their key
    makes: Optional[str] = None
    coarse: bool = False  # what a kind has in few bits may be kept so
    guess: bool = False  # memory that is held already is not packed again for it
    numel: int = -1  # of the input of a normalisation
    exact: Tuple[Any, ...] = ()  # keys of tensors that stay as they are
    lead: Tuple[int, ...] = ()  # the shape of heads, which the log of the sums of fused attention begins with


_OTHER = Op()  # a function of torch without a rule
_OWN = Op()  # none: an autograd function of one's own
_ALL_EXACT = Op(EXACT)


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
        if not (self._follow or kind == EXACT) or not self._is_plain(t) or t.numel() < self._least:
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

    def is_exact(self, t: Tensor) -> bool:
        """Whether it was marked so, or the function at work needs it so."""
        if self.op.name == EXACT or (t.dim() == 3 and tuple(t.shape[:-1]) == self.op.lead):
            return True
        if self.op.name == "norm" and 0 <= self.op.numel:
            if t.numel() != self.op.numel or (self.op.saves is None and _repeats(t)):
                return True
        key = self._key_of(t)
        return key in self.op.exact or self._made.get(key, (None, None))[1] == EXACT

    def _key_of(self, t: Tensor) -> Any:
        """Of `t`, or of the argument that it is a cast of: the function at work was given none of its type and one
        alone of its size, as under autocast."""
        key = _key(t)
        if key in self._made:
            return key
        _, args, kwargs = self._call
        given = [a for a in _tensors(args, kwargs) if a.numel() == t.numel() and self._is_plain(a)]
        return _key(given[0]) if len(given) == 1 and given[0].dtype != t.dtype else key

    def is_cast(self, t: Tensor) -> Optional[bool]:
        """Whether `t` is a weight that the function at work was given in another type, as under autocast, whichever
        module it belongs to. None: it was given none of that shape."""
        name, args, kwargs = self._call
        given, shape = _tensors(args, kwargs), tuple(t.shape)
        weights = [w for w in given if w.dtype != t.dtype and self._weighs(w)]
        if name == "multi_head_attention_forward":  # which takes its first weight apart
            parts = [(n * w.shape[1], w.shape[1]) for w in weights if w.dim() == 2 for n in (1, 2)]
            if shape in parts or shape[::-1] in parts:
                return True
        alike = [w for w in weights if shape in (tuple(w.shape), tuple(w.shape[::-1]))]
        if not alike:
            return None
        if not any(a.numel() == t.numel() and not self._weighs(a) for a in given):
            return True
        # An activation of its size lies beside it: the values tell.
        turned = [w.detach().permute(*reversed(range(w.dim()))) for w in alike]
        return any(w.shape == t.shape and torch.equal(t, w.to(t.dtype)) for w in (*alike, *turned))

    def of(self, t: Tensor) -> FrozenSet[str]:
        """What `t` is, that the function at work saves; of two kinds the finer one is right."""
        key = self._key_of(t)
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
        rule = (_RULES if self._follow else _SIZES).get(name, _linalg if name.startswith("linalg_") else None)
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
        plain = len(pair) == 2 and all(map(self._is_plain, pair))
        same = plain and pair[0].shape == pair[1].shape and not any(map(self._is_weight, pair))
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
        lead = tuple(parts[0].shape[:-2]) if parts and self._is_plain(parts[0]) and parts[0].dim() == 4 else ()
        return Op(saves="attention_output", inputs=inputs, makes="attention_output", lead=lead)

    def _multihead(self, args: Any, kwargs: Any) -> Optional[Op]:
        """As nn.MultiheadAttention calls it: no kinds, but it may use fused attention."""
        if len(args) < 5 or not self._is_plain(args[0]):
            return None
        return Op(lead=(args[0].shape[1] if args[0].dim() == 3 else 1, args[4]))

    def _norm(self, args: Any, kwargs: Any) -> Op:
        first = _first(args, kwargs)
        numel = first.numel() if isinstance(first, Tensor) else -1
        return Op("norm", saves="residual", makes="norm_output", numel=numel)

    # ---- and what backward needs exactly ----

    def _statistic(self, args: Any, kwargs: Any) -> Optional[Op]:
        first = _first(args, kwargs)
        return Op("norm", numel=first.numel()) if isinstance(first, Tensor) else None

    def _length(self, args: Any, kwargs: Any) -> Optional[Op]:
        """Of other lengths than these, backward compares or divides."""
        p = args[1] if len(args) > 1 else kwargs.get("p", kwargs.get("ord"))
        return self._statistic(args, kwargs) if p in (None, 1, 2, "fro") else _ALL_EXACT

    def _second(self, args: Any, kwargs: Any) -> Optional[Op]:
        """What is divided by; where a grid lies."""
        names = (name for name in ("other", "grid", "tau") if name in kwargs)
        second = args[1] if len(args) > 1 else kwargs.get(next(names, ""))
        if isinstance(second, Tensor) and not self._is_plain(second):  # inside vmap, what is saved has another key
            return _ALL_EXACT
        exact = (_key(second),) if isinstance(second, Tensor) else ()
        return (self._scores(args, kwargs) or _OTHER)._replace(exact=exact)

    def _power(self, args: Any, kwargs: Any) -> Optional[Op]:
        exponent = args[1] if len(args) > 1 else kwargs.get("exponent")
        if not isinstance(_first(args, kwargs), Tensor) or (isinstance(exponent, (int, float)) and exponent >= 1):
            return None
        return _ALL_EXACT

    def _clamp(self, args: Any, kwargs: Any) -> Optional[Op]:
        """At least a little, before a logarithm or a division: a value cut to +0 would be below it."""
        bounds = [*args[1:], *kwargs.values()]
        least = args[1] if len(args) > 1 else kwargs.get("min", kwargs.get("min_val"))
        if any(isinstance(bound, Tensor) for bound in bounds) or (isinstance(least, (int, float)) and least > 0):
            return _ALL_EXACT
        return self._scores(args, kwargs)


def _first(args: Any, kwargs: Any) -> Any:
    return args[0] if args else kwargs.get("input")


def _tensors(args: Any, kwargs: Any) -> List[Tensor]:
    flat = [t for arg in (*args, *kwargs.values()) for t in (arg if isinstance(arg, (list, tuple)) else [arg])]
    return [t for t in flat if isinstance(t, Tensor)]


_UNTYPED = hasattr(Tensor, "untyped_storage")  # torch 2


def storage_of(t: Tensor) -> Any:
    return t.untyped_storage() if _UNTYPED else t._storage()


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


def _repeats(t: Tensor) -> bool:
    """A statistic, expanded."""
    return any(stride == 0 and n > 1 for n, stride in zip(t.shape, t.stride()))


def _fixed(op: Op) -> Callable[[Kinds, Any, Any], Op]:
    return lambda kinds, args, kwargs: op


_linalg = _fixed(_ALL_EXACT)  # whatever it is called there, it divides, or may

_NORMS = (
    "layer_norm",
    "group_norm",
    "batch_norm",
    "instance_norm",
    "rms_norm",
    "native_layer_norm",
    "native_batch_norm",
    "native_group_norm",
)
_LOSSES = (
    *(name for name in dir(torch.nn.functional) if name.endswith("_loss")),
    *("cross_entropy", "kl_div", "binary_cross_entropy", "binary_cross_entropy_with_logits"),
)
_EXACT = (  # backward compares what was saved, divides by it or takes a difference: cut values would not do
    *("amax", "amin", "aminmax", "max", "min", "maximum", "minimum", "fmax", "fmin", "median", "nanmedian"),
    *("scatter_reduce", "index_reduce", "segment_reduce", "renorm"),
    *("log", "log2", "log10", "log1p", "xlogy", "xlog1py", "entr", "logit", "logsumexp", "logcumsumexp"),
    *("logaddexp", "logaddexp2", "sqrt", "prod", "cumprod", "float_power", "addcdiv", "fmod", "remainder"),
    *("copysign", "__rpow__", "__rmod__", "cov", "corrcoef", "gradient", "istft"),
    *("acos", "asin", "acosh", "atanh", "arccos", "arcsin", "arccosh", "arctanh", "atan2", "arctan2", "hypot"),
    *("lgamma", "mvlgamma", "multigammaln", "digamma", "polygamma", "psi", "gammaln", "erfinv", "ndtri", "lerp"),
    *("igamma", "igammac", "gammainc", "gammaincc", "erfcx", "i1", "i1e", "log_ndtr"),
    *("cdist", "pdist", "dist", "pairwise_distance", "cosine_similarity", "log_softmax"),
    # In Python, of a quotient or a root that nobody sees from outside:
    *("softsign", "lp_pool1d", "lp_pool2d", "lp_pool3d", "local_response_norm"),
    # torch.linalg is known by its prefix; these are its names outside it.
    *("inverse", "det", "logdet", "slogdet", "pinverse", "solve", "triangular_solve", "cholesky", "cholesky_inverse"),
    *("cholesky_solve", "lu", "lu_solve", "lu_unpack", "lstsq", "qr", "geqrf", "orgqr", "ormqr"),
    *("svd", "eig", "symeig", "nuclear_norm", "matrix_exp", "matrix_power", "chain_matmul"),
)
_SIZES: Dict[str, Callable[[Kinds, Any, Any], Optional[Op]]] = {  # what stays exact, by split="even" too
    **dict.fromkeys(_NORMS, Kinds._norm),
    **dict.fromkeys(_LOSSES, _fixed(_ALL_EXACT)),
    **{form.format(name): _fixed(_ALL_EXACT) for name in _EXACT for form in ("{}", "{}_", "special_{}")},
    **dict.fromkeys(("norm", "frobenius_norm", "normalize"), Kinds._length),
    "linalg_matmul": _fixed(_OTHER),
    **dict.fromkeys(("linalg_norm", "linalg_vector_norm", "linalg_matrix_norm"), Kinds._length),
    **dict.fromkeys(("std", "std_mean", "var", "var_mean"), Kinds._statistic),
    **dict.fromkeys(("div", "__truediv__", "true_divide", "divide"), Kinds._second),
    **dict.fromkeys(("div_", "__itruediv__", "true_divide_", "divide_"), Kinds._second),
    **dict.fromkeys(("grid_sample", "grid_sampler", "gumbel_softmax"), Kinds._second),
    **dict.fromkeys(("pow", "pow_", "__pow__", "__ipow__"), Kinds._power),
    **dict.fromkeys(("clamp", "clamp_", "clip", "clip_", "clamp_min", "clamp_min_", "hardtanh"), Kinds._clamp),
    "scaled_dot_product_attention": Kinds._attention,
    "multi_head_attention_forward": Kinds._multihead,
}
_RULES: Dict[str, Callable[[Kinds, Any, Any], Optional[Op]]] = {
    **_SIZES,
    "gelu": _fixed(Op(saves="gelu_input", makes="gelu_output")),
    "silu": _fixed(Op(saves="silu_input", makes="gate_up")),
    "softmax": Kinds._softmax,
    "dropout": Kinds._dropout,
    **dict.fromkeys(("mul", "multiply", "__mul__", "__rmul__"), Kinds._multiply),
    **dict.fromkeys(("matmul", "__matmul__", "linalg_matmul", "bmm", "baddbmm", "einsum"), Kinds._product),
    **dict.fromkeys(("linear", "addmm", "conv1d", "conv2d", "conv3d"), _fixed(Op(coarse=True))),
    **dict.fromkeys(("contiguous", "reshape", "flatten", "clone", "to", "type_as"), Kinds._copies),
    **dict.fromkeys(("float", "half", "bfloat16", "double"), Kinds._copies),
    **dict.fromkeys(("add", "__add__", "__radd__", "add_", "__iadd__", "sub", "__sub__"), Kinds._scores),
    **dict.fromkeys(("mul_", "__imul__", "masked_fill", "masked_fill_", "where", "tanh", "cat"), Kinds._scores),
    "__getitem__": Kinds._scores,
}
