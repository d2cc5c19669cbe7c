// Package queue keeps the jobs of an online judge in NATS JetStream and hands them to workers.
//
// A front submits and watches; workers take, and finish:
//
//	front                      JetStream                                          worker
//	PutFile   ───────────────> OBJ_judge_files   content by its hash  ──────────> OpenFile
//	Submit    ───────────────> JUDGE_JOBS        the job, once
//	          ───────────────> JUDGE_WORK        what is to be done   ──────────> Take
//	          ── judge.wake ──────────────────────────────────────────> (idle)
//	Watch     <─────────────── JUDGE_PROGRESS    attempts, records    <────────── Record, Release
//	Status    <─────────────── JUDGE_RESULTS     the result, once     <────────── Finish
//	Cancel    ───────────────>    the same       judge.cancel ──────────────────> Cancelled
//	          <─────────────── JUDGE_DEAD        given up, and why    <────────── (Take)
//	Workers   <─────────────── KV_judge_workers  for 30 s             <────────── Advertise
//
// A job is taken at least once and has exactly one result. The first holds because a worker acknowledges only after the result is
// stored, the second because a result is stored only if it is the first message of its subject, which JetStream
// decides. So it does not matter who dies when, whether an answer is lost, or whether two workers judge the same job because one
// of them was silent for too long: what they store besides is dropped, and what a cancellation comes too late for is done.
//
// A job is a message on judge.work.PRIORITY.CLASS.ID, where the class is the set of languages that a worker needs to have. Each
// priority and class has a consumer, and a worker asks those whose class it can do, the highest priority first.
// Messages on judge.wake, judge.cancel and those heard while they are stored only say "look": they may get lost.
//
// # What may touch what
//
// Fronts and workers of one site trust each other. Where the servers have users with permissions, these are
// needed besides $JS.API.> for looking things up, _INBOX.> and judge.wake.>:
//
//	front    publishes judge.job.> judge.work.> judge.result.> judge.cancel.> $O.judge_files.>
//	worker   publishes judge.progress.> judge.result.> judge.dead.> $O.judge_records.> $KV.judge_workers.> $JS.ACK.JUDGE_WORK.>
//
// Who opens a Bucket, as the door for clients of go-judge does on both sides, also publishes $O.NAME.> of it and $JS.FC.>, with which
// the client library says how fast it reads. The first of all must be allowed to make streams. Programs that are judged
// reach none of this: they have no network.
//
// # Not for
//
// It does not judge: package worker does. It does not know what a task is, other than a list of files.
package queue
