"""Statistics: arrays in, frozen values out; no files, no clock, no global random state.

Start at ``plan``: it says which design asks for which test. The files, by what they answer:

What all of them share:
    types: an interval, an estimate, a test, a refusal, a caution.
    arrays: finite samples, levels and words that are checked on their way in.
    words: counts and enumerations in sentences.
    describe: n, mean, standard deviation, median and range of a sample.
    repeats: runs that repeat a seed become one value.
    outliers: seeds that lie far from the others.
    tails: does the shape of the runs lean to one side.
    intervals: standard errors of means and differences, their t and normal intervals.
    tests: t tests from a standard error, Welch's and Student's test, Fisher's test.
    multiplicity: p-values adjusted by Holm, Hommel, Benjamini-Hochberg and others.
    power: what so many runs could have found, and how many are needed.
    plan: which test a design gets, and the sentence that says why.

Two groups of independent runs:
    unpaired: the whole answer.
    effects: Cohen's d, Hedges' g, P(A > B).
    spread: does one side scatter more.
    equivalence: is A as good as B within a margin; also for pairs.
    ranks: mid-ranks, Mann-Whitney, Brunner-Munzel, Hodges-Lehmann.
    permutation: all splits of two groups, all signs of pairs.
    resampling: bootstrap intervals of two samples, percentile and BCa.
    dominance: almost stochastic order.

Pairs by seed or fold:
    paired: the whole answer by seed.
    pairs: differences without the noise of the last digit, the paired t test, correlation.
    signed_ranks: Wilcoxon's signed-rank test and the sign test.
    folds: the corrected t test over the folds of one data set.

One group against a number:
    target: the whole answer.
    one_sample: the t test against a number, its interval, the differences from it.
    olympic: the olympic mean of MLPerf.
    sequential: runs that keep arriving.

Several groups on one task:
    groups: Welch's ANOVA and Welch's contrasts.
    rank_groups: Kruskal-Wallis and Dunn.
    simultaneous: Games-Howell, Tukey, Dunnett.
    studentized_range: the distributions behind them and behind Nemenyi's test.

Methods over tasks:
    friedman: Friedman, Nemenyi, the critical difference.
    task_tests: every pair by signed ranks, and the Bayesian signed-rank test.
    task_scores: scores of a method over tasks and seeds, and their scale.
    normalise: one scale for the scores of different tasks.
    aggregate: mean, median, interquartile mean and optimality gap with intervals.
    stratified: resampling the seeds within each task.
    improvement: the probability that one method beats another.
    rank_distribution: the places a method could have taken with other seeds.
    rank_agreement: how far two rankings agree.

Examples and shares:
    examples: two systems on the same examples, the whole answer; McNemar.
    example_scores: their mean difference, its error by clusters, its bootstrap.
    two_proportions: two shares of successes, the whole answer.
    proportions: intervals and tests of shares, pass@k.

Curves and sweeps:
    curves: area, threshold and bands of a metric over steps.
    survival: time to a threshold that some runs never reach.
    association: how a metric goes along with each hyperparameter.
    selection: what the best of several tuned runs would be worth.
"""
