package judge

import (
	"math"
	"math/rand/v2"
	"slices"
)

// PassAt is the estimate of pass@k: the chance that of k answers to a problem at least one is accepted,
// averaged over the problems.
//
// The estimate is the unbiased one of Chen et al., Evaluating Large Language Models Trained on Code
// (arXiv:2107.03374): of n answers c were accepted, and 1 - C(n-c,k)/C(n,k) of all choices of k have one
// of these. Answers that end in a judge-error say nothing, and do not count.
//
// Low and High bound its 95 % confidence interval: by bootstrap over the problems, or for one problem by
// Wilson's interval of the chance that a single answer is accepted.
type PassAt struct {
	K        int     `json:"k"`
	Value    float64 `json:"value"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	Interval string  `json:"interval"` // IntervalBootstrap or IntervalWilson
	Problems int     `json:"problems"` // that have k answers or more
	LeftOut  int     `json:"problems_left_out"`
	Answers  int     `json:"answers"`  // to all problems, without those that are excluded
	Excluded int     `json:"excluded"` // answers that ended in a judge-error
}

// How a confidence interval was found.
const (
	IntervalBootstrap = "bootstrap"
	IntervalWilson    = "wilson"
)

// defaultPassAt is estimated when no task says what to, each as far as all problems have so many answers.
var defaultPassAt = []int{1, 5, 10}

// samples counts the answers to each problem. The zero value has counted none.
type samples struct {
	byProblem map[string]int // index
	problems  []sampleCount  // in the order of their first answers
}

// sampleCount counts the answers to one problem.
type sampleCount struct {
	judged, accepted, excluded int
}

// add counts an answer. An empty problem is none.
func (s *samples) add(problem string, v Verdict) {
	if problem == "" || v == Skipped {
		return
	}
	i, ok := s.byProblem[problem]
	if !ok {
		if s.byProblem == nil {
			s.byProblem = map[string]int{}
		}
		i = len(s.problems)
		s.byProblem[problem] = i
		s.problems = append(s.problems, sampleCount{})
	}
	count := &s.problems[i]
	switch v {
	case JudgeError:
		count.excluded++
	case Accepted:
		count.accepted++
		count.judged++
	default:
		count.judged++
	}
}

// passAt estimates pass@k for each k that is wanted, where any problem has so many answers; nil wants the
// default.
func (s *samples) passAt(wanted []int) []PassAt {
	if wanted == nil {
		wanted = slices.DeleteFunc(slices.Clone(defaultPassAt), func(k int) bool {
			return slices.ContainsFunc(s.problems, func(c sampleCount) bool { return c.judged+c.excluded < k })
		})
	}
	var result []PassAt
	for _, k := range wanted {
		if p := s.estimate(k); p.Problems > 0 {
			result = append(result, p)
		}
	}
	return result
}

func (s *samples) estimate(k int) PassAt {
	p := PassAt{K: k}
	var values []float64
	var last sampleCount
	for _, c := range s.problems {
		p.Answers += c.judged
		p.Excluded += c.excluded
		if c.judged < k {
			p.LeftOut++
			continue
		}
		values = append(values, passAtOf(c.judged, c.accepted, k))
		last = c
	}
	p.Problems = len(values)
	switch p.Problems {
	case 0:
		return p
	case 1:
		p.Value, p.Interval = values[0], IntervalWilson
		low, high := wilson(last.judged, last.accepted)
		// One of k answers is accepted unless all k are not.
		p.Low, p.High = 1-math.Pow(1-low, float64(k)), 1-math.Pow(1-high, float64(k))
	default:
		p.Value, p.Interval = mean(values), IntervalBootstrap
		p.Low, p.High = bootstrap(values)
	}
	return p
}

// passAtOf is the estimate for one problem, as a product in which nothing overflows.
func passAtOf(judged, accepted, k int) float64 {
	if judged-accepted < k {
		return 1
	}
	none := 1.0
	for i := judged - accepted + 1; i <= judged; i++ {
		none *= 1 - float64(k)/float64(i)
	}
	return 1 - none
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// normal95 is the quantile of the normal distribution that leaves 2.5 % on either side.
const normal95 = 1.959963984540054

// wilson is the 95 % confidence interval of a proportion (Wilson 1927).
func wilson(n, successes int) (low, high float64) {
	const z2 = normal95 * normal95
	count, p := float64(n), float64(successes)/float64(n)
	middle := (p + z2/(2*count)) / (1 + z2/count)
	half := normal95 / (1 + z2/count) * math.Sqrt(p*(1-p)/count+z2/(4*count*count))
	return max(0, middle-half), min(1, middle+half)
}

// bootstrap is the 95 % percentile interval of the mean. The seed is fixed: the same results have the same
// interval.
func bootstrap(values []float64) (low, high float64) {
	resamples := min(max(20_000_000/len(values), 1_000), 10_000)
	random := rand.New(rand.NewPCG(2107, 3374))
	means := make([]float64, resamples)
	for i := range means {
		sum := 0.0
		for range values {
			sum += values[random.IntN(len(values))]
		}
		means[i] = sum / float64(len(values))
	}
	slices.Sort(means)
	tail := resamples / 40
	return means[tail], means[resamples-1-tail]
}
