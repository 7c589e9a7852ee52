// SPDX-License-Identifier: Apache-2.0
#include "train/trainer/gradient.h"

namespace actplane::train {

OneSided& OneSided::operator+=(const OneSided& other) {
  product += other.product;
  signal += other.signal;
  radial += other.radial;
  rows += other.rows;
  return *this;
}

OneSidedness::OneSidedness(Stash& stash, Family family) : stash_(stash) {
  stash.set_observer(
      [this, family](Stash::Access access, const Entry& entry, const at::Tensor& written) {
        if (access != Stash::Access::kWrite || entry.part() != Entry::Part::kActivation) return;
        at::Tensor x = written.to(at::kDouble);
        at::Tensor y = entry.Value().to(at::kDouble);
        OneSided one;
        one.product = (x * y).sum().item<double>();
        one.signal = (x * x).sum().item<double>();
        if (entry.kind() == Kind::kResidual) {  // rows are the last dimension
          if (family == Family::kGpt2) {
            const at::Tensor mean = x.mean(-1, true);
            x = x - mean;
            y = y - mean;
          }
          const at::Tensor cosine = (x * y).sum(-1) / (x * x).sum(-1);
          const at::Tensor scale = cosine.masked_select(cosine.isfinite());
          one.radial = (scale * scale).sum().item<double>();
          one.rows = scale.numel();
        }
        kinds_[static_cast<size_t>(entry.kind())] += one;
      });
}

OneSidedness::~OneSidedness() { stash_.set_observer(nullptr); }

Gradient GradientOf(Trainer& trainer, Stash& stash, int64_t batch, double* loss, Tally* tally) {
  trainer.model().ClearGradients();
  StepReport report;
  const double mean = trainer.Accumulate(stash, trainer.step(), batch, 1, &report);
  if (loss != nullptr) *loss = mean;
  if (tally != nullptr) *tally = report.tally;
  Gradient g;
  for (const Parameter* p : trainer.parameters())
    g.push_back(p->grad.sizes() == p->value.sizes() ? p->grad : p->expand(p->grad));
  return g;
}

void Add(const Gradient& g, const Gradient& h, Difference& d) {
  for (size_t i = 0; i < g.size(); ++i) {
    const at::Tensor a = g[i].to(at::kDouble).flatten();
    const at::Tensor b = h[i].to(at::kDouble).flatten();
    d.signal += a.dot(a).item<double>();
    d.other += b.dot(b).item<double>();
    d.product += a.dot(b).item<double>();
    d.error += (b - a).pow(2).sum().item<double>();
  }
}

double CommonPartOfKeys(Trainer& trainer) {
  Stash exact(nullptr);
  double common = 0;
  double all = 0;
  exact.set_observer([&](Stash::Access access, const Entry& entry, const at::Tensor& k) {
    if (access != Stash::Access::kWrite || entry.kind() != Kind::kKey) return;
    const at::Tensor mean = k.to(at::kDouble).mean(2, true);  // [batch, heads, tokens, head width]
    common += mean.square().sum().item<double>() * static_cast<double>(k.size(2));
    all += k.to(at::kDouble).square().sum().item<double>();
  });
  GradientOf(trainer, exact, 0, nullptr, nullptr);
  return std::sqrt(common / all);
}

std::vector<Gradient> ExactGradients(Trainer& trainer, int64_t batches) {
  Stash exact(nullptr);
  std::vector<Gradient> all;
  for (int64_t b = 0; b < batches; ++b)
    all.push_back(GradientOf(trainer, exact, b, nullptr, nullptr));
  return all;
}

Difference DifferenceOf(Trainer& trainer, Stash& stash, const std::vector<Gradient>& reference,
                        Tally* tally) {
  Difference d;
  for (size_t b = 0; b < reference.size(); ++b) {
    const Gradient h = GradientOf(trainer, stash, static_cast<int64_t>(b), nullptr, tally);
    Add(reference[b], h, d);
    const Geometry& g = trainer.config().geometry;
    for (size_t i = 0; i < h.size(); ++i) {
      if (!trainer.parameters()[i]->name.ends_with("attn.qkv.bias")) continue;
      const at::Tensor bias = h[i].to(at::kDouble);
      d.queries += bias.narrow(0, 0, g.width).square().sum().item<double>();
      d.keys += bias.narrow(0, g.width, g.KeyWidth()).square().sum().item<double>();
    }
  }
  return d;
}

}  // namespace actplane::train
