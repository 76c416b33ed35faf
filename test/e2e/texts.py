# SPDX-License-Identifier: BSD-3-Clause
"""Short English texts, always the same ones, each of one topic, made of parts; about 14 tokens each."""
import random

WHO = {
    "sea": "ferry|lighthouse keeper|fishing boat|harbour pilot|container ship|sailor|lifeboat crew|submarine",
    "kitchen": "baker|pastry chef|soup|oven|grandmother's recipe|cook|sourdough loaf|restaurant",
    "computer": "compiler|database|web server|file system|programmer|network driver|text editor|search index",
    "sky": "telescope|comet|astronaut|satellite|galaxy|space probe|lunar rover|planet",
    "music": "violinist|orchestra|jazz band|piano|choir|drummer|string quartet|guitar",
    "garden": "gardener|apple tree|rose bush|greenhouse|tomato plant|beekeeper|lawn|compost heap",
}
DOES = {
    "sea": "leaves the port|rides out the storm|waits for the tide|rounds the cape|drops anchor in the bay",
    "kitchen": "needs more salt and butter|smells of fresh bread|simmers for an hour|serves dinner to guests|rises in the heat",
    "computer": "reads the configuration|crashes on a null pointer|sorts the records by key|opens a TCP socket|parses the source code",
    "sky": "orbits far from the Sun|sends back pictures of Mars|crosses the constellation of Orion|shines at night|reaches escape velocity",
    "music": "plays a slow melody|tunes up before the concert|repeats the chorus|performs a symphony|practises scales in C minor",
    "garden": "blooms in early spring|needs water in the dry season|bears fruit in September|is pruned every winter|suffers from aphids",
}
WHEN = ("before dawn|on Monday|in the rain|for the third time|again|after a long break|without any help|twice a year|"
        "while everybody watches|in {} minutes|as it did in {}|with {} others").split("|")
ASK = {
    "sea": "a vessel on the ocean", "kitchen": "cooking and baking food", "computer": "software and computers",
    "sky": "astronomy and space travel", "music": "musicians playing instruments", "garden": "plants and gardening",
}


def texts(n):
    """n (topic, text), no text twice."""
    rnd, seen = random.Random(7), {}
    while len(seen) < n:
        topic = rnd.choice(sorted(WHO))
        when = rnd.choice(WHEN).format(rnd.randint(11, 1999))
        parts = rnd.choice(WHO[topic].split("|")), rnd.choice(DOES[topic].split("|")), when
        seen.setdefault("The {} {} {}.".format(*parts), topic)
    return [(topic, text) for text, topic in seen.items()]
