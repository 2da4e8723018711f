// The encoder's Gaussian q beside the true posterior, and the way from it to a better one.

/** @import { Field, Gaussian } from "./field.js" */

/**
 * @typedef {object} Terms of one image, in nats; -log p(image) + gap = reconstruction + KL = -ELBO
 * @property {number} nll -log p(image)
 * @property {number} gap KL(q || p(z | image))
 * @property {number} reconstruction E_q[-log p(image | z)]
 * @property {number} kl KL(q || p(z))
 *
 * @typedef {{q: Gaussian, gap: number}} Step
 */

const STEPS = 60;
const SETTLED = 1e-3; // nats: who saves less has arrived
const LARGEST = 1; // change of a log variance in one step

/**
 * What q costs an image; the field is to cover q.
 *
 * @param {Field} field
 * @param {Gaussian} q
 * @returns {Terms}
 */
export function termsOf(field, q) {
  const expected = field.expected(q).value;
  const nll = -field.logEvidence;
  const prior = expectedLogPrior(q);
  return {
    nll,
    gap: -entropy(q) - expected - nll,
    reconstruction: prior - expected,
    kl: -entropy(q) - prior,
  };
}

/**
 * Natural gradient steps from q to where the gap is smallest, halved where they lead up; q comes
 * first. The Fisher information of a mean is one over the variance, that of a log variance 1/2.
 * Yields while the field is refined.
 *
 * @param {Field} field
 * @param {Gaussian} q
 * @returns {Generator<undefined, Step[], unknown>}
 */
export function* descend(field, q) {
  yield* field.cover(q);
  let here = field.expected(q);
  const cost = (/** @type {Gaussian} */ one, /** @type {number} */ expected) =>
    -entropy(one) - expected;
  /** @type {{q: Gaussian, cost: number}[]} */
  const way = [{ q, cost: cost(q, here.value) }];
  let rate = 1;
  for (let step = 0; step < STEPS; step++) {
    const last = way[way.length - 1];
    const tried = moved(last.q, here, rate, field.leastLogVariance);
    yield* field.cover(tried);
    const there = field.expected(tried);
    const saved = last.cost - cost(tried, there.value);
    if (saved > 0) {
      way.push({ q: tried, cost: last.cost - saved });
      here = there;
      if (saved < SETTLED * rate) break;
      rate = Math.min(1, 2 * rate);
    } else if (rate < 0.02) break;
    else rate /= 2;
  }
  const evidence = field.logEvidence;
  return way.map((one) => ({ q: one.q, gap: one.cost + evidence }));
}

/**
 * @param {Gaussian} q
 * @param {{byMean: number[], byLogVariance: number[]}} slopes
 * @param {number} rate
 * @param {number} least log variance
 * @returns {Gaussian}
 */
function moved({ mean, logVariance }, { byMean, byLogVariance }, rate, least) {
  const held = (/** @type {number} */ step) => Math.min(Math.max(step, -LARGEST), LARGEST);
  return {
    mean: mean.map((value, i) => value + rate * Math.exp(logVariance[i]) * byMean[i]),
    logVariance: logVariance.map((value, i) =>
      Math.max(value + rate * held(2 * (0.5 + byLogVariance[i])), least),
    ),
  };
}

/**
 * The best Gaussian that is found from q, and from each hill: the way there.
 *
 * @param {Field} field
 * @param {Gaussian} q
 * @returns {Generator<undefined, {way: Step[], jumped: boolean}, unknown>} whether it begins at a
 *   hill that no step from q would have reached
 */
export function* better(field, q) {
  const way = yield* descend(field, q);
  const gapOf = (/** @type {Step[]} */ steps) => steps[steps.length - 1].gap;
  let best = way;
  for (const { moments } of field.hills()) {
    const other = yield* descend(field, moments);
    if (gapOf(other) < gapOf(best) - 10 * SETTLED) best = other;
  }
  return { way: best === way ? way : [...way, ...best], jumped: best !== way };
}

/** @param {Gaussian} q */
function entropy({ logVariance }) {
  return logVariance.reduce((sum, value) => sum + 0.5 * (1 + Math.log(2 * Math.PI) + value), 0);
}

/** @param {Gaussian} q E_q[log p(z)] */
function expectedLogPrior({ mean, logVariance }) {
  return mean.reduce(
    (sum, value, i) => sum - 0.5 * (Math.log(2 * Math.PI) + value ** 2 + Math.exp(logVariance[i])),
    0,
  );
}
