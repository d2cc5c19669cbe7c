package judge

// linePattern is what a selector of --only names of a source: submissions and tests.
type linePattern struct{ submission, test string }

// wanted are the indexes of the tests to run a submission on.
func (s *Source) wanted(submission string, tests []TestCase) []int {
	var result []int
	for i, test := range tests {
		for _, p := range s.only {
			if matchName(p.submission, submission) && matchName(p.test, test.Name) {
				result = append(result, i)
				break
			}
		}
	}
	return result
}

// has says whether a pattern names a test of any line. It reads the lines up to the first.
func (s *Source) has(t *Task, p linePattern) (bool, error) {
	lines, err := s.open()
	if err != nil {
		return false, err
	}
	defer lines.close()
	one := Source{only: []linePattern{p}}
	for {
		content, ok, fault := lines.next()
		if !ok {
			return false, nil
		}
		tests := t.Tests
		if content.tests != nil {
			tests = content.tests
		}
		if fault == nil && len(one.wanted(content.Name, tests)) > 0 {
			return true, nil
		}
	}
}
