# SPDX-License-Identifier: Apache-2.0
"""What autograd keeps between forward and backward, compressed.

>>> with actplane.torch.compressed(model, ratio=8) as held:
...     loss = loss_of(model(x), y)
>>> print(held)                          # raw and stored bytes, module by module
>>> loss.backward()

Forward is exact. Backward reads what the slots hold.
"""

from __future__ import annotations

import contextlib
import fnmatch
import itertools
import sys
import threading
import warnings
import weakref
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Mapping, NamedTuple, Optional, Set, Tuple, Union

import numpy as np
import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn.modules.module import register_module_forward_pre_hook

from ._kinds import HIGHEST_RATIO, KINDS, SPLIT, Kinds, ratio_of, storage_of
from ._library import library
from .config import Config, whole
from .emulate import reconstruct
from .errors import ActplaneError, ConfigError, DamagedError, InputError

__all__ = ["Held", "ModuleBytes", "compressed", "mark"]

Ratio = Optional[float]

_FORMATS = {torch.float32: "fp32", torch.float16: "fp16", torch.bfloat16: "bf16"}
_OUTSIDE = "(outside the model)"  # a row of the table; as a key of ratios itself, not a pattern
_NONE: Any = object()
_OPEN: "List[Held]" = []


class ModuleBytes(NamedTuple):
    """What one module gave autograd to keep, since the context was last entered or ``Held.reset``."""

    name: str
    saved: int  # tensors that autograd asked to keep, without parameters and buffers
    packed: int  # of them into slots or bits
    shared: int  # of them already there
    raw_bytes: int  # without the codec, a tensor that is kept twice counted once
    stored_bytes: int  # with it


class _Entry:
    """One region of memory that autograd keeps: as slots, as bits, or as it is."""

    held: "Held"
    kind: str  # "slots", "bits", "exact" or "emulated"
    data: Tensor
    count: int  # values
    dtype: torch.dtype
    config: Optional[Config]
    rows: int  # length of rows that sum to 1; 0: it has none
    version: int
    counter: Tensor  # counts the writes to the memory
    storage: StorageWeakRef
    raw: int  # bytes without the codec
    stored: int  # and with it
    handles: int
    __slots__ = (
        *("held", "kind", "data", "count", "dtype", "config", "rows", "version", "counter", "storage"),
        *("raw", "stored", "handles", "__weakref__"),
    )

    def __del__(self) -> None:
        held = getattr(self, "held", None)
        if held is not None:
            held._forget(self)


class _Call(NamedTuple):
    """A module at work. Autograd holds this, and with the module itself a model that keeps an activation would never
    die."""

    module: Callable[[], Optional[torch.nn.Module]]
    name: str
    numel: int  # of its first input; -1: it has none
    holds: Mapping[int, StorageWeakRef]  # storages of tensors that it had among its attributes when it was called


_NO_CALL = _Call(lambda: None, _OUTSIDE, -1, {})


class _Handle:
    """What autograd holds for one saved tensor."""

    __slots__ = ("entry", "size", "stride", "call")

    def __init__(self, entry: _Entry, size: Any, stride: Optional[Tuple[int, ...]], call: "_Call") -> None:
        self.entry, self.size, self.stride, self.call = entry, size, stride, call
        entry.handles += 1

    def __del__(self) -> None:
        self.entry.handles -= 1


def _row_of_ones(t: Tensor) -> int:
    """The length of rows along memory that sum to 1, as those of a map do, whoever made it; else 0."""
    if t.dim() == 0 or not t.is_contiguous():
        return 0
    rows, most = t.detach().view(-1, t.shape[-1]), 1e-3 if t.dtype == torch.float32 else 2e-2

    def sum_to_one(part: Tensor) -> bool:
        sums = part.sum(-1, dtype=torch.float32)
        return not bool((~((sums - 1).abs() <= most) & (sums != 0)).any())  # of NaN both are so

    return t.shape[-1] if sum_to_one(rows[:1]) and sum_to_one(rows) and not bool((rows < 0).any()) else 0


def _with_sums(values: Tensor, length: int) -> Tensor:
    """Rows that sum to 1 again. Through a map whose rows do not, scores have a gradient along the whole row, which
    softmax does not see: keys drift (docs/methods.md, "Maps"). A row that is lost stays so."""
    if length == 0:
        return values
    rows = values.view(-1, length).float()
    sums = rows.sum(-1, keepdim=True)
    return (rows / sums.masked_fill(sums <= 0, 1)).to(values.dtype).view(-1)


def mark(tensor: Tensor, kind: str) -> Tensor:
    """Says what ``tensor`` is, where no function of torch shows it: in an autograd function or a kernel
    of your own, before it is called. Gives it back.

    kind: residual (input of a normalisation), norm_output, query, key, value, probability (attention
    maps), scores (from which softmax makes them), dropped_probability, attention_output, gelu_input,
    gelu_output, silu_input, gate_up (the other factor of a gate), gated (the product); exact (not into
    slots: a statistic, a weight that is computed). Does nothing where no context is open. Raises
    ConfigError for another word, InputError for what is no tensor.
    """
    if not isinstance(tensor, Tensor):
        raise InputError(f"mark takes a tensor, not a {type(tensor).__name__}")
    if kind not in KINDS:
        raise ConfigError(f"there is no kind '{kind}'; give one of {', '.join(KINDS)}")
    for held in _OPEN:
        held._kinds.mark(tensor, kind, True)
    return tensor


def compressed(
    model: torch.nn.Module,
    ratio: Ratio = 8,
    *,
    ratios: Optional[Mapping[str, Ratio]] = None,
    split: Optional[str] = None,
    min_values: int = 1024,
    emulate: bool = False,
    **settings: Any,
) -> "Held":
    """A context in which autograd keeps the activations of ``model`` in slots.

    ratio        bytes of a tensor over bytes of its slots: 8 is 4 bits a value of float32, 2 bits of
                 float16 and bfloat16. None: exact
    ratios       {pattern: ratio or None}: the first shell pattern that fits the name of the module
                 that saves decides (names of ``model.named_modules()``, the model itself is ``""``), and
                 nothing of it is split. What no module of the model saves, as a loss written by hand,
                 stays exact; ``{"(outside the model)": ratio}`` gives it one, and no pattern does
    split        "gradient": a kind of activation that the gradient needs more of has a smaller ratio,
                 another a larger one, as docs/training.md has it; ``ratio`` is about that of all.
                 Kinds are known by the functions of torch that make and save them, and by ``mark``.
                 "even": all have ``ratio``. None: gradient for order significance, even for field
    min_values   smaller tensors stay as they are
    emulate      keep the reconstruction at full size in place of slots: the same gradients, for
                 studies; needs no library. Tensors that are not on the CPU are always kept so
    settings     of ``actplane.Config``: order, block_len, group_len, row_limit, fill, threads

    Stays exact: parameters, buffers and leaves that have a gradient (not kept again), integers,
    float64 and complex, statistics of normalisation and of fused attention (last dimension 1, or not
    of the size of the layer's input), what is saved outside the model, what a loss function or
    log-softmax saves, what backward compares or divides by, what is marked so, sparse tensors and
    subclasses. Masks of type bool become bits.

    A tensor that several functions save is held once, views and transposes of it included. It is
    known by its storage, which cannot come again while it is known, and by its version. A saved
    tensor that was changed in place ends backward with the error of autograd, as without the hook.

    May be entered again and again, and be open over backward and over many steps; of two in one
    thread the second is refused. Works with ``torch.utils.checkpoint``: inputs of a segment that
    autograd keeps go into slots.

    A ratio must be possible in float32, in the types of the parameters, and of autocast where it is
    on when the context is entered. Of another type, as under autocast in the context, tensors stay
    exact where it is not, with one warning.
    Raises ConfigError (impossible ratio, a pattern that fits no module, a module of TorchScript, a
    second context), ActplaneError (``torch.compile``), LibraryError.
    """
    return Held(model, ratio, {} if ratios is None else ratios, split, min_values, emulate, settings)


class Held:
    """The context of ``compressed``, and its account.

    ``raw_bytes``, ``stored_bytes``: held now, without and with the codec; 0 when the graph is gone.
    ``peak_raw_bytes``, ``peak_stored_bytes``: the most since the context was last entered, or ``reset``.
    ``table()``: by module. ``str(held)``: all of it as text. ``emulated``: nothing is saved, the
    bytes are what slots would take.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        ratio: Ratio,
        ratios: Mapping[str, Ratio],
        split: Optional[str],
        min_values: int,
        emulate: bool,
        settings: Dict[str, Any],
    ) -> None:
        if not isinstance(model, torch.nn.Module):
            raise InputError(
                f"model is a {type(model).__name__}; give the torch.nn.Module that autograd runs through"
            )
        _refuse_compiled(model.modules())
        if any(isinstance(m, torch.jit.ScriptModule) for m in model.modules()):
            raise ConfigError(
                "a module of TorchScript in the model takes no hooks, and what its functions save is not seen; give "
                "the model before torch.jit.script or torch.jit.trace"
            )
        for name in ("format", "ratio", "slot_bytes", "lossless"):
            if name in settings:
                raise ConfigError(
                    f"{name} is not among the settings here: formats follow the tensors, ratios say the size"
                )
        if whole(min_values) is None:
            raise ConfigError(f"min_values is {min_values!r}; give a whole number: smaller tensors stay as they are")
        if not (isinstance(ratios, Mapping) and all(isinstance(pattern, str) for pattern in ratios)):
            raise ConfigError(f"ratios is {ratios!r}; give {{pattern of module names: ratio or None}}")
        self._root = weakref.ref(model)
        self._min_values, self._emulate, self._settings = min_values, emulate, settings
        if split is None:
            split = "gradient" if settings.get("order", "significance") == "significance" else "even"
        if split not in ("gradient", "even"):
            raise ConfigError(f"split is '{split}'; give 'gradient' or 'even'")
        self._ratio, self._ratios, self._split = ratio, dict(ratios), split == "gradient"
        self._names = weakref.WeakKeyDictionary((module, name) for name, module in model.named_modules())
        for pattern in self._ratios:
            if pattern != _OUTSIDE and not any(fnmatch.fnmatchcase(name, pattern) for name in self._names.values()):
                some = ", ".join(list(self._names.values())[1:6])
                raise ConfigError(f"ratios: '{pattern}' fits no module; names are like {some}")
        forms = dict.fromkeys(["fp32", *(_FORMATS[p.dtype] for p in model.parameters() if p.dtype in _FORMATS)])
        self._check_forms(forms)
        self._impossible: Set[str] = set()
        self._named: Dict[str, Tuple[bool, Ratio]] = {}
        self._config_of: Dict[Tuple[str, FrozenSet[str], str], Optional[Config]] = {}
        called = {module: type(module).__name__.lower() for module in self._names}
        leaves = [module for module in called if not any(True for _ in module.children())]
        self._norms = weakref.WeakSet(module for module in leaves if "norm" in called[module])
        self._gelus = weakref.WeakSet(
            m for m in leaves if "gelu" in called[m] and not any(True for _ in m.parameters())
        )
        self._own: Dict[int, StorageWeakRef] = {}
        self._most_own = 4096
        self._had: "weakref.WeakKeyDictionary[torch.nn.Module, Any]" = weakref.WeakKeyDictionary()
        own = self._own  # without self: a cycle would keep the model until the collector comes
        self._kinds = Kinds(lambda t: storage_of(t)._cdata in own, _is_plain, self._split, min_values)
        self._lock = threading.RLock()
        self._table: "weakref.WeakValueDictionary[Any, _Entry]" = weakref.WeakValueDictionary()
        self._stack: List[_Call] = []
        self._again: Optional[_Call] = None  # backward is at work on what this call saved
        self._last: Tuple[Any, Optional[Tensor]] = (None, None)
        self._open: Optional[contextlib.ExitStack] = None
        self.raw_bytes = self.stored_bytes = self.entries = 0
        self.peak_raw_bytes = self.peak_stored_bytes = 0
        self.emulated = emulate
        self.reset()

    def _check_forms(self, forms: Iterable[str]) -> None:
        """Whether the ratios can be had in these formats: now, rather than in the middle of a forward pass."""
        ratio, settings = self._ratio, self._settings
        for value, form in itertools.product([ratio, *self._ratios.values()], forms):
            if value is not None:
                Config(format=form, ratio=value, **settings)
        if not self._split or ratio is None:
            return
        if ratio > HIGHEST_RATIO:
            raise ConfigError(
                f"split='gradient' at ratio {ratio:g} would be the same as at {HIGHEST_RATIO:.2f}; give at most "
                "that, or split='even'"
            )
        for kind, form in itertools.product(SPLIT, forms):
            try:
                Config(format=form, ratio=ratio_of(kind, ratio, 32 if form == "fp32" else 16), **settings)
            except ConfigError as error:
                raise ConfigError(f"{kind}, by split='gradient': {error}; or give split='even'") from None

    # ---- the context ----

    def __enter__(self) -> "Held":
        if self._open is not None:
            raise ActplaneError("this context is open already; call the model in it again, or leave it first")
        self._thread = threading.get_ident()
        if any(held._thread == self._thread for held in list(_OPEN)):
            raise ConfigError(
                "another context is open in this thread, and torch asks one of them alone; open one over a module "
                'that holds both models, as compressed(nn.ModuleList([a, b]), ratios={"0*": 8, "1*": None})'
            )
        if not self._emulate:
            library()
        _refuse_compiled(self._names)
        self._check_forms(_autocast_forms())
        with contextlib.ExitStack() as stack:  # what fails on the way leaves nothing behind
            stack.callback(self._forget_model)
            self._find_own()
            self._stack.clear()
            self._end_backward()
            for module in self._names:
                stack.callback(module.register_forward_pre_hook(self._enter_module).remove)
                stack.callback(module.register_forward_hook(self._leave_module).remove)
            stack.callback(register_module_forward_pre_hook(self._enter_other).remove)
            self.reset()
            self._kinds.forget()
            stack.callback(self._kinds.forget)
            stack.enter_context(self._kinds)
            stack.enter_context(torch.autograd.graph.saved_tensors_hooks(self._pack, self._unpack))
            _OPEN.append(self)
            stack.callback(_OPEN.remove, self)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        stack, self._open = self._open, None
        if stack is not None:
            stack.__exit__(*error)

    def _forget_model(self) -> None:
        self._stack.clear()
        self._own.clear()
        self._had.clear()

    def __reduce__(self) -> Any:  # its hooks on the modules lead copy and pickle here
        if self._open is not None:
            raise ActplaneError("a model cannot be copied or saved whole while this context is open; close it first")
        raise ActplaneError("a context cannot be copied; make one for the copy with actplane.torch.compressed")

    def _find_own(self) -> None:
        """Storages of parameters and buffers; before every forward pass, since they may be put elsewhere."""
        self._own.clear()
        self._had.clear()
        for module in self._names:
            self._add_own(module)

    def _add_own(self, module: torch.nn.Module) -> None:
        """Those of a module, unless they are the same as when this was asked last: under a mode every look at a
        tensor takes microseconds."""
        tensors, had = _of(module), self._had.get(module, ())
        if len(tensors) == len(had) and all(ref() is tensor for ref, tensor in zip(had, tensors)):
            return
        self._had[module] = [weakref.ref(tensor) for tensor in tensors]
        for tensor in tensors:
            storage = _memory(tensor) if type(tensor) in _PLAIN else None
            if storage is not None:
                self._own[storage._cdata] = StorageWeakRef(storage)
        if len(self._own) > self._most_own:
            for key in [key for key, storage in self._own.items() if storage.expired()]:
                del self._own[key]
            self._most_own = max(4096, 2 * len(self._own))

    def _enter_module(self, module: torch.nn.Module, inputs: Any) -> None:
        root = self._root()
        # After a forward pass that an exception ended. The look at frames is spared where the root lies below.
        if self._stack and (module is root or self._stack[0].module() is not root) and not _calls(self._stack[0]):
            self._stack.clear()
            self._kinds.end()
        if module is root and not self._stack:  # and does not call itself
            self._end_backward()
            self._find_own()
            self._kinds.end()
        self._add_own(module)
        first = next((x for x in inputs if isinstance(x, Tensor)), None)
        # torch.nn.utils.weight_norm puts the weight that it made there, before; what forward puts there is none.
        holds = (storage_of(t) for t in vars(module).values() if isinstance(t, Tensor) and _is_plain(t))
        holds = {storage._cdata: StorageWeakRef(storage) for storage in holds}
        numel = -1 if first is None else first.numel()
        self._stack.append(_Call(weakref.ref(module), self._names[module], numel, holds))

    def _enter_other(self, module: torch.nn.Module, inputs: Any) -> None:
        """What modules outside the model have is no activation either."""
        if module not in self._names:
            self._add_own(module)

    def _leave_module(self, module: torch.nn.Module, inputs: Any, output: Any) -> None:
        while self._stack and self._stack.pop().module() is not module:
            pass
        if module in self._norms or module in self._gelus:
            self._kinds.mark(output, "norm_output" if module in self._norms else "gelu_output")

    # ---- what is kept how ----

    def _by_name(self, name: str) -> Tuple[bool, Ratio]:
        """Whether a pattern of `ratios` decides for a module, and its ratio. Outside the model only that word does:
        a loss written by hand is a difference of two tensors that are close."""
        if name == _OUTSIDE:
            return True, self._ratios.get(name)
        if name not in self._named:
            found = (value for pattern, value in self._ratios.items() if fnmatch.fnmatchcase(name, pattern))
            value = next(found, _NONE)
            self._named[name] = (False, self._ratio) if value is _NONE else (True, value)
        return self._named[name]

    def _config(self, name: str, kinds: FrozenSet[str], form: str) -> Optional[Config]:
        """The configuration for what module `name` saves, of such kinds; None: exact."""
        key = (name, kinds, form)
        if key not in self._config_of:
            named, ratio = self._by_name(name)
            if not named and ratio is not None and self._split and kinds:
                bits = 32 if form == "fp32" else 16
                ratio = min(ratio_of(kind, ratio, bits) for kind in kinds)
            if ratio is None:
                self._config_of[key] = None
            else:
                settings = dict(self._settings)
                settings.setdefault("threads", torch.get_num_threads())
                try:
                    self._config_of[key] = Config(format=form, ratio=ratio, **settings)
                except ConfigError as error:  # a format that no parameter has, as under autocast in the context
                    self._config_of[key] = None
                    if form not in self._impossible:
                        self._impossible.add(form)
                        warnings.warn(f"some {form} tensors stay exact: {error}", stacklevel=5)
        return self._config_of[key]

    def _plan(self, t: Tensor, storage: Any, call: _Call) -> Union[Config, str, None]:
        """A configuration, "bits", or None: as it is."""
        if t.numel() < max(self._min_values, 1):
            return None
        if t.dtype == torch.bool:
            return "bits" if t.device.type == "cpu" else None
        form = _FORMATS.get(t.dtype)
        if form is None or (t.dim() > 1 and (t.shape[-1] == 1 or t.stride(-1) == 0)) or self._kinds.is_exact(t):
            return None
        module, name, numel = call.module(), call.name, call.numel
        if module in self._norms and self._kinds.op.name != "norm" and 0 <= numel != t.numel():
            return None
        if self._is_weight(t, storage, call):
            return None
        kinds = self._kinds.of(t)
        if module in self._norms:
            kinds |= {"residual"}
        elif module in self._gelus:
            kinds |= {"gelu_input"}
        return self._config(name, kinds, form)

    def _is_weight(self, t: Tensor, storage: Any, call: _Call) -> bool:
        """What a layer computes from its parameters and saves in their place is no activation: their cast
        under autocast (which cannot be asked for here: it is off while a layer is at work), the weight that
        torch.nn.utils.weight_norm or a parametrization makes."""
        if t.dim() < 2:
            return False
        if storage._cdata in call.holds:
            return True
        cast, module = self._kinds.is_cast(t), call.module()
        if cast is not None or module is None:
            return bool(cast)
        own = [tuple(p.shape) for p in module.parameters(recurse=False) if p.dtype != t.dtype]
        made_from = getattr(module, "parametrizations", None)
        if isinstance(made_from, torch.nn.Module):
            own += [tuple(p.shape) for p in made_from.parameters()]
        shape = tuple(t.shape)
        return shape in own or shape[::-1] in own

    def _pack(self, t: Tensor) -> Any:
        call = self._stack[-1] if self._stack else self._again or _NO_CALL
        if not _is_plain(t):
            _refuse_traced(t)
            return (t.detach(), t._version, call)
        storage = storage_of(t)
        if storage._cdata in self._own or self._is_leaf(t):
            return (t.detach(), t._version, call)
        name, plan = call.name, self._plan(t, storage, call)
        base, stride, key = _region(t, storage)
        with self._lock:
            row = self._rows.setdefault(name, [0, 0, 0, 0, 0])
            row[0] += 1
            entry = other = self._table.get(key)
            if entry is not None and _serves(entry, plan, self._kinds.op.guess and not self._by_name(name)[0]):
                row[2] += 1
                return _Handle(entry, t.shape, stride, call)
            if entry is not None and plan is None and entry.counter._version == entry.version:
                self._make_exact(entry, base, row)
                return _Handle(entry, t.shape, stride, call)
        entry = _Entry()
        entry.count, entry.dtype, entry.version, entry.handles = base.numel(), t.dtype, t._version, 0
        entry.storage = StorageWeakRef(storage)  # while this is here, its address does not come again
        entry.config = plan if isinstance(plan, Config) else None
        twice = other is not None and other.counter._version == other.version
        entry.raw = 0 if twice else entry.count * t.element_size()
        if plan is None:
            entry.kind, entry.data, entry.stored = "exact", base, entry.count * t.element_size()
            entry.counter = base
        else:
            entry.rows = _row_of_ones(t) if isinstance(plan, Config) else 0
            self._store(entry, base.contiguous().view(-1), plan)
            entry.counter = _version_of(t)
        entry.held = self
        with self._lock:
            self._table[key] = entry
            row[1] += plan is not None
            row[3] += entry.raw
            row[4] += entry.stored
            self.entries += 1
            self.raw_bytes += entry.raw
            self.stored_bytes += entry.stored
            self.peak_raw_bytes = max(self.peak_raw_bytes, self.raw_bytes)
            self.peak_stored_bytes = max(self.peak_stored_bytes, self.stored_bytes)
        return _Handle(entry, t.shape, stride, call)

    def _is_leaf(self, t: Tensor) -> bool:
        """What somebody else holds: a weight that no module shows, as one of functional_call, or an input that is
        differentiated. Not in backward: a checkpoint makes leaves of the activations that it starts from."""
        base = t._base if t._is_view() else t
        return isinstance(base, torch.nn.Parameter) or (base.is_leaf and base.requires_grad and self._again is None)

    def _make_exact(self, entry: _Entry, base: Tensor, row: List[int]) -> None:
        """For all that saved it: slots beside it would be more bytes, and worse for the others."""
        more = entry.count * base.element_size() - entry.stored
        self._drop_last(entry)
        entry.kind, entry.data, entry.config, entry.stored = "exact", base, None, entry.stored + more
        row[4] += more
        self.stored_bytes += more
        self.peak_stored_bytes = max(self.peak_stored_bytes, self.stored_bytes)

    def _drop_last(self, entry: _Entry) -> None:
        if self._last[0] == id(entry):
            self._last = (None, None)

    def _store(self, entry: _Entry, base: Tensor, plan: Union[Config, str]) -> None:
        if plan == "bits":
            entry.kind, entry.data = "bits", torch.from_numpy(np.packbits(base.numpy()))
            entry.stored = entry.data.numel()
            return
        assert isinstance(plan, Config)
        bytes_ = plan.slots_bytes(entry.count)
        entry.stored = bytes_
        if self._emulate or base.device.type != "cpu":
            if not self._emulate and not self.emulated:
                self.emulated = True
                warnings.warn(
                    f"tensors on {base.device} are kept at full size as the codec would give them back (the library "
                    "runs on the CPU): gradients are those of the codec, stored_bytes says what slots would take, no "
                    "memory is saved. emulate=True says that this is meant",
                    stacklevel=4,
                )
            entry.kind, entry.data = "emulated", _with_sums(reconstruct(base, config=plan), entry.rows)
            return
        slots = torch.empty(bytes_, dtype=torch.uint8, device="cpu")
        library().compress(plan, base.data_ptr(), entry.count, slots.data_ptr(), bytes_)
        entry.kind, entry.data = "slots", slots

    def _forget(self, entry: _Entry) -> None:
        with self._lock:
            self.entries -= 1
            self.raw_bytes -= entry.raw
            self.stored_bytes -= entry.stored
            self._drop_last(entry)

    # ---- back ----

    def _unpack(self, packed: Any) -> Tensor:
        if isinstance(packed, tuple):
            tensor, version, call = packed
            self._begin_backward(call)
            _check_version(tensor, version, tensor.dtype, tensor)
            return tensor
        if not isinstance(packed, _Handle):
            return packed
        entry = packed.entry
        self._begin_backward(packed.call)
        _check_version(entry.counter, entry.version, entry.dtype, packed)
        with torch.no_grad():
            base = self._restore(entry)
            if packed.stride is None:
                return base.view(packed.size)
            return base.as_strided(packed.size, packed.stride, base.storage_offset())

    def _begin_backward(self, call: _Call) -> None:
        """What backward saves, by a checkpoint that runs a function again, belongs to the call whose tensors it
        took up last. Outside backward, where a saved tensor is looked at, torch refuses the callback."""
        if self._open is None or self._stack:
            return
        if self._again is None:
            try:
                torch.autograd.Variable._execution_engine.queue_callback(self._end_backward)
            except RuntimeError:
                return
        self._again = call

    def _end_backward(self) -> None:
        self._again = None

    def _restore(self, entry: _Entry) -> Tensor:
        if entry.kind in ("exact", "emulated"):
            return entry.data.detach()
        last, kept = self._last
        if last == id(entry) and kept is not None and kept._version == 0:
            values = kept
        else:
            self._last = (None, None)
            values = torch.empty(entry.count, dtype=entry.dtype, device="cpu")
            if entry.kind == "bits":
                bits = np.unpackbits(entry.data.numpy(), count=entry.count)
                values = torch.from_numpy(bits.view(np.bool_))
            else:
                config, slots = entry.config, entry.data
                assert config is not None
                bad = library().decompress(config, slots.data_ptr(), slots.numel(), values.data_ptr(), entry.count)
                if bad:
                    raise DamagedError(
                        f"{bad} of {config.blocks(entry.count)} blocks of a kept tensor are malformed: something "
                        "wrote over its slots between forward and backward; run the step again",
                        bad,
                    )
                values = _with_sums(values, entry.rows)
            if entry.handles > 1:  # the next function that saved it often comes right after
                self._last = (id(entry), values)
        return values.detach()

    # ---- the account ----

    def reset(self) -> None:
        """Forgets the table and the peaks. What is held stays held."""
        self._rows: Dict[str, List[int]] = {}
        self.peak_raw_bytes, self.peak_stored_bytes = self.raw_bytes, self.stored_bytes

    def table(self) -> List[ModuleBytes]:
        """One row for each module that saved something, in the order of the first time."""
        return [ModuleBytes(name, *row) for name, row in self._rows.items()]

    def __str__(self) -> str:
        rows = self.table()
        total = ModuleBytes("all", *(sum(column) for column in zip(*(row[1:] for row in rows)))) if rows else None
        width = max([6, *(len(row.name or "(model)") for row in rows)])
        lines = [f"{'module':{width}}  saved packed shared    raw bytes stored bytes  ratio"]
        for row in rows + ([total] if total else []):
            ratio = row.raw_bytes / row.stored_bytes if row.stored_bytes else float("nan")
            lines.append(
                f"{row.name or '(model)':{width}} {row.saved:6} {row.packed:6} {row.shared:6} {row.raw_bytes:12,} "
                f"{row.stored_bytes:12,} {ratio:6.2f}"
            )
        note = " (emulated: kept at full size)" if self.emulated else ""
        lines.append(
            f"held now {self.raw_bytes:,} bytes as {self.stored_bytes:,}; at the peak {self.peak_raw_bytes:,} as "
            f"{self.peak_stored_bytes:,}{note}"
        )
        return "\n".join(lines)


# ---- tensors ----

_PLAIN = (Tensor, torch.nn.Parameter)


def _calls(call: _Call) -> bool:
    """Whether a module is still at work, in the frames below that which calls the hook that asks this."""
    hook = sys._getframe(2)  # of nn.Module, which calls modules and hooks alike
    module, frame = call.module(), hook.f_back
    while frame is not None and not (frame.f_code is hook.f_code and frame.f_locals.get("self") is module):
        frame = frame.f_back
    return frame is not None


def _of(module: torch.nn.Module) -> List[Tensor]:
    """Its own parameters and buffers as they are now: functional_call of torch 1 puts others in their place, which
    only the attribute shows."""
    own = (*module._parameters.items(), *module._buffers.items())
    return [t for t in (getattr(module, name, None) for name, _ in own) if isinstance(t, Tensor)]


def _is_plain(t: Any) -> bool:
    return (
        type(t) in _PLAIN
        and t.layout == torch.strided
        and t.device.type != "meta"
        and not (t.is_quantized or t.is_nested or t.is_conj() or t.is_neg() or t.is_inference())
        and _memory(t) is not None
    )


def _memory(t: Tensor) -> Any:
    """The storage; None where there is none, as inside vmap, where a tensor stands for many and its type does not
    show it."""
    try:
        return storage_of(t)
    except (RuntimeError, NotImplementedError):
        return None


def _autocast_forms() -> List[str]:
    """The formats that autocast, where it is on now, makes of float32."""
    if hasattr(torch, "get_autocast_dtype"):  # torch 2.4, where the names of before are deprecated
        types = [torch.get_autocast_dtype(name) for name in ("cpu", "cuda") if torch.is_autocast_enabled(name)]
    else:
        types = [torch.get_autocast_gpu_dtype()] if torch.is_autocast_enabled() else []
        types += [torch.get_autocast_cpu_dtype()] if torch.is_autocast_cpu_enabled() else []
    return [_FORMATS[dtype] for dtype in types if dtype in _FORMATS]


def _dense_length(size: Tuple[int, ...], stride: Tuple[int, ...]) -> int:
    """Values of the memory that a tensor covers without holes; 0 if it has holes or overlaps."""
    expect = 1
    for s, n in sorted((s, n) for n, s in zip(size, stride) if n != 1 and s != 0):
        if s != expect:
            return 0
        expect *= n
    return expect


def _region(t: Tensor, storage: Any) -> Tuple[Tensor, Optional[Tuple[int, ...]], Any]:
    """What to keep of a tensor, the strides to read it with (None: contiguous), and its key.

    Where the tensor covers a piece of memory without holes, that piece as it lies: all its views and
    transposes are one then. Where it does not, the tensor itself.
    """
    offset, stride = t.storage_offset(), t.stride()
    start = (storage._cdata, t.dtype, t._version, offset)
    t = t.detach()
    if t.is_contiguous():
        return t.view(-1), None, (start, t.numel())
    length = _dense_length(t.shape, stride)
    if length:
        return t.as_strided((length,), (1,), offset), stride, (start, length)
    return t, None, (start, t.shape, stride)


def _serves(entry: _Entry, plan: Union[Config, str, None], guess: bool) -> bool:
    """Whether an entry is as good as what is wanted, and nothing wrote to its memory since. guess: any is."""
    if entry.counter._version != entry.version:
        return False
    if entry.kind == "exact" or entry.kind == "bits":
        return True
    if not isinstance(plan, Config) or entry.config is None:
        return False
    return guess or entry.config.slot_bits >= plan.slot_bits


def _version_of(t: Tensor) -> Tensor:
    """A tensor without memory that counts the writes to `t`."""
    with torch.no_grad():
        counter = t.detach()
        counter.data = torch.empty(0, dtype=t.dtype, device=t.device)
    return counter


def _check_version(counter: Tensor, version: int, dtype: torch.dtype, of: Union[Tensor, _Handle]) -> None:
    if counter._version != version:
        # A nested tensor has no shape.
        size = of.size if isinstance(of, _Handle) else "nested" if of.is_nested else of.shape
        raise RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[{dtype} {list(size)}] is at version {counter._version}; expected version {version} instead"
        )


# ---- torch.compile ----

_COMPILED = (
    "actplane.torch does not work under torch.compile: its backward unpacks everything at once, so that nothing is "
    "saved. Use the model without compile"
)


def _refuse_compiled(modules: Iterable[torch.nn.Module]) -> None:
    for m in modules:
        if type(m).__name__ == "OptimizedModule" or hasattr(m, "_orig_mod"):
            raise ActplaneError(_COMPILED + " (model._orig_mod), or compile only modules that are not in it")
        if getattr(m, "_compiled_call_impl", None) is not None:  # by module.compile()
            raise ActplaneError(_COMPILED + "(), or set its _compiled_call_impl to None")


def _refuse_traced(t: Tensor) -> None:
    if type(t).__name__ in ("FakeTensor", "FunctionalTensor"):
        raise ActplaneError(_COMPILED)
