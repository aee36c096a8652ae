package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/accessbridge/accessbridge/bridge"
	"github.com/accessbridge/accessbridge/handlers"
)

const namespace = "accessbridge"

// metrics counts what happens, on a registry of its own. Labels are bounded: names from the configuration, status codes and constant
// words.
type metrics struct {
	registry    *prometheus.Registry
	reconciles  *prometheus.CounterVec
	duration    *prometheus.HistogramVec
	decisions   *prometheus.CounterVec
	deliveries  *prometheus.CounterVec
	vendorCalls *prometheus.CounterVec
	vendorTime  *prometheus.HistogramVec
}

func newMetrics(version string) *metrics {
	m := &metrics{
		registry:    prometheus.NewRegistry(),
		reconciles:  counter("reconciles_total", "Runs for one request, by queue and result.", "queue", "result"),
		duration:    histogram("reconcile_seconds", "Duration of a run for one request.", "queue"),
		decisions:   counter("decisions_total", "Decisions and refusals, by verdict and outcome.", "integration", "verdict", "outcome"),
		deliveries:  counter("webhook_deliveries_total", "Webhook deliveries, by result.", "integration", "result"),
		vendorCalls: counter("vendor_calls_total", "Calls to vendors, by status code; code 0 is a call without an answer.", "integration", "method", "code"),
		vendorTime:  histogram("vendor_call_seconds", "Duration of calls to vendors.", "integration"),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "Always 1; the label tells the version.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(m.reconciles, m.duration, m.decisions, m.deliveries, m.vendorCalls, m.vendorTime, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 12),
	}, labels)
}

// startAtZero makes the counters of an integration visible before anything happens, so that their first step is not missed.
func (m *metrics) startAtZero(integration string) {
	for _, result := range handlers.DeliveryResults() {
		m.deliveries.WithLabelValues(integration, result)
	}
	for _, verdict := range []bridge.Verdict{bridge.Approve, bridge.Deny} {
		for _, outcome := range []string{bridge.OutcomeApplied, bridge.OutcomeRecorded, bridge.OutcomeRefused, bridge.OutcomeFailed, bridge.OutcomeDrift} {
			m.decisions.WithLabelValues(integration, string(verdict), outcome)
		}
	}
}

// Reconciled implements reconcile.Metrics.
func (m *metrics) Reconciled(queue, result string, took time.Duration) {
	m.reconciles.WithLabelValues(queue, result).Inc()
	m.duration.WithLabelValues(queue).Observe(took.Seconds())
}

// Decided implements reconcile.Metrics.
func (m *metrics) Decided(integration string, verdict bridge.Verdict, outcome string) {
	m.decisions.WithLabelValues(integration, string(verdict), outcome).Inc()
}

func (m *metrics) delivered(integration, result string) {
	m.deliveries.WithLabelValues(integration, result).Inc()
}

// vendorCall returns the observer of one integration's calls.
func (m *metrics) vendorCall(integration string) func(method string, code int, took time.Duration) {
	return func(method string, code int, took time.Duration) {
		m.vendorCalls.WithLabelValues(integration, method, strconv.Itoa(code)).Inc()
		m.vendorTime.WithLabelValues(integration).Observe(took.Seconds())
	}
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
