// Package worker judges the jobs of a queue, with the same Batch as `judge run`.
//
//	           ┌────────── Worker ──────────┐
//	Queue.Take ─> Delivery                  │
//	OpenFile   ─> store: files ─> tasks ─> judge.Batch on a judge.Pool
//	           │     Delivery.Record <─ records ─> spool
//	           └─> Delivery.Finish <────────┘
//
// The store is a directory of files by their hash, bounded in bytes. A task's files are linked from there into a
// directory of its own, in which judge.LoadBundle finds what its manifest says and nothing else. A task stays
// loaded, with its checker compiled, while it is among those that were used last.
//
// What becomes of a job: a result when it was judged, whatever the verdict; back to the queue when this host
// could not do it, or is about to end; nothing when it was cancelled. A job is known to nobody else while this
// worker has it, so a worker may be killed at any instant: the queue gives the job to another one.
//
// Tasks and submissions come from strangers. A task that asks for something of this host (see
// judge.Task.FromHost), or for limits above Config.Most, is not judged, and its result says why.
package worker
