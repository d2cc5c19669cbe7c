package judge

// olderWaitingCalls are those that newer architectures, such as this one, do not have.
var olderWaitingCalls map[int]callKind
