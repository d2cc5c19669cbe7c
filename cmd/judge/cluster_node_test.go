package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	nodePort  = 4222
	routePort = 6222
)

// natsNode is a command of the tests: a server of a cluster, as `nats-server` is with the same options.
//
//	nats-node NAME ADDRESS STORE ROUTE,...
func natsNode() {
	name, address, store, routes := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	s, err := server.NewServer(&server.Options{
		ServerName: name, Host: address, Port: nodePort, JetStream: true, StoreDir: store, NoSigs: true,
		Cluster: server.ClusterOpts{Name: "judge", Host: address, Port: routePort},
		Routes:  server.RoutesFromStr(routes),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s.ConfigureLogger()
	s.Start()
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	<-told
	s.Shutdown()
	s.WaitForShutdown()
}
