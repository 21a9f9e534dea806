"""What to offer: item-to-item recommendations with shrinkage and time decay, as SQL.

What customers who bought i buy lately speaks for it to everybody who bought i. With a_ci and o_cj
for how much customer c's last purchase of i and of j still counts (a half-life each), and n_c for
the products that c bought,

    similarity(i, j) = sum over c of a_ci o_cj / n_c
                       / (sqrt(sum over c of a_ci / n_c * sum over c of o_cj / n_c) + shrinkage)
    score(c, j) = sum over i bought by c of a_ci similarity(i, j)

This is the cosine of item-based collaborative filtering (Sarwar et al. 2001, WWW 10, 285-295;
Linden, Smith and York 2003, IEEE Internet Computing 7, 76-80) with three changes: a customer's
purchases share one vote, so that buyers of everything do not decide (the random walk of Cooper et
al. 2014, WWW Companion); few votes are drawn to zero (Bell and Koren 2007, ICDM, 43-52);
old purchases fade (Ding and Li 2005, CIKM, 485-492), on the offered side three times as fast,
which is what follows the season.

The constants were chosen on three four-week windows of Online Retail, all before the weeks that
the benchmark tests on. Around them the result is flat.
"""

BOUGHT_HALF_LIFE = 90.0
OFFERED_HALF_LIFE = 30.0
POPULAR_HALF_LIFE = 14.0
"""Days after which a purchase counts half: as a reason, as an offer, and for popularity."""
SHRINKAGE = 0.3
"""Votes; a customer has one, and less when it is long ago."""
NEIGHBOURS = 30
"""Of each product, at most."""
LEAST_TOGETHER = 2
"""Customers who bought both; a pair of one would give the customer away."""
MOST_PRODUCTS = 200
"""Of each customer, the newest: work grows with their square."""
OFFERS = 10
"""Recommendations per customer."""
