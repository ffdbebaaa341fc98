using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using OpenTelemetry.Metrics;
using Proxy.Host.Observability.Prometheus;

namespace Proxy.Host.Tests.Observability.Prometheus;

public sealed class ExpositionTests
{
    [Fact]
    public void Text_CounterGaugeHistogram_AsTheFormatSays()
    {
        using var scraped = new Scraped();
        scraped.Meter.CreateCounter<long>("a.requests", "{request}", "How\nmany \\ \"all\".").Add(3, [new("k", "v")]);
        scraped.Meter.CreateUpDownCounter<int>("b.open").Add(-2);
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1, 1000000] };
        scraped.Meter.CreateHistogram("c.time", "s", null, null, advice).Record(0.7);

        Assert.Equal(
            """
            # TYPE target_info gauge
            # HELP target_info What is measured.
            target_info{service_name="proxy \"x\""} 1
            # TYPE a_requests_total counter
            # HELP a_requests_total How\nmany \\ "all".
            a_requests_total{k="v"} 3
            # TYPE b_open gauge
            b_open -2
            # TYPE c_time_seconds histogram
            c_time_seconds_bucket{le="0.5"} 0
            c_time_seconds_bucket{le="1"} 1
            c_time_seconds_bucket{le="1000000"} 1
            c_time_seconds_bucket{le="+Inf"} 1
            c_time_seconds_sum 0.7
            c_time_seconds_count 1

            """,
            scraped.Text()
        );
    }

    [Fact]
    public void OpenMetrics_CounterAndHistogram_WithUnitCreatedAndEnd()
    {
        using var scraped = new Scraped();
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1).ToUnixTimeMilliseconds() / 1000.0;
        scraped.Meter.CreateCounter<long>("a.io", "By", "Say \"it\".").Add(3);
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.00001, 0.5, 1, 1000000] };
        scraped.Meter.CreateHistogram("c.time", "s", null, null, advice).Record(0.7, [new("k", 1)]);

        var lines = scraped.OpenMetrics().Split('\n');

        Assert.Equal(
            [
                "# TYPE target info",
                "# HELP target What is measured.",
                "target_info{service_name=\"proxy \\\"x\\\"\"} 1",
                "# TYPE a_io_bytes counter",
                "# UNIT a_io_bytes bytes",
                "# HELP a_io_bytes Say \\\"it\\\".",
                "a_io_bytes_total 3",
            ],
            lines[..7]
        );
        Assert.InRange(Value(lines[7], "a_io_bytes_created"), before, before + 600);
        Assert.Equal(
            [
                "# TYPE c_time_seconds histogram",
                "# UNIT c_time_seconds seconds",
                "c_time_seconds_bucket{k=\"1\",le=\"1e-05\"} 0",
                "c_time_seconds_bucket{k=\"1\",le=\"0.5\"} 0",
                "c_time_seconds_bucket{k=\"1\",le=\"1.0\"} 1",
                "c_time_seconds_bucket{k=\"1\",le=\"1e+06\"} 1",
                "c_time_seconds_bucket{k=\"1\",le=\"+Inf\"} 1",
                "c_time_seconds_sum{k=\"1\"} 0.7",
                "c_time_seconds_count{k=\"1\"} 1",
            ],
            lines[8..17]
        );
        Assert.InRange(Value(lines[17], "c_time_seconds_created{k=\"1\"}"), before, before + 600);
        Assert.Equal(["# EOF", ""], lines[18..]);
    }

    [Fact]
    public void Labels_AnyText_AreEscapedAndCleaned()
    {
        using var scraped = new Scraped();
        scraped
            .Meter.CreateCounter<long>("a")
            .Add(
                1,
                [
                    new("back", "a\\b"),
                    new("qu.ote", "\"x\""),
                    new("line", "1\n2"),
                    new("9é", "Grüße 漢字 😀"),
                    new("none", null),
                    new("flag", true),
                ]
            );

        // The SDK sorts by key.
        Assert.Equal(
            """a_total{_9_="Grüße 漢字 😀",back="a\\b",flag="true",line="1\n2",none="",qu_ote="\"x\""} 1""",
            Assert.Single(scraped.Samples("a_total"))
        );
    }

    [Fact]
    public void Labels_KeysThatCleaningMakesTheSame_AreOneInOrder()
    {
        using var scraped = new Scraped();
        scraped.Meter.CreateCounter<long>("a").Add(1, [new("x_y", "3"), new("x.y", "2"), new("b", "0"), new("x-y", "1")]);

        Assert.Equal("""a_total{b="0",x_y="1;2;3"} 1""", Assert.Single(scraped.Samples("a_total")));
    }

    [Fact]
    public void Labels_Le_OnlyTheHistogramsOwn()
    {
        using var scraped = new Scraped();
        var advice = new InstrumentAdvice<long> { HistogramBucketBoundaries = [1] };
        scraped.Meter.CreateHistogram("h", null, null, null, advice).Record(1, [new("le", "mine")]);
        scraped.Meter.CreateCounter<long>("c").Add(1, [new("le", "mine")]);

        Assert.Equal("h_bucket{le=\"1\"} 1", scraped.Samples("h_bucket")[0]);
        Assert.Equal("c_total{le=\"mine\"} 1", Assert.Single(scraped.Samples("c_total")));
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(0.1, "0.1")]
    [InlineData(1e300, "1E+300")]
    [InlineData(-5e-324, "-5E-324")]
    public void Gauge_AnyNumber_ShortestThatReadsBack(double value, string expected)
    {
        using var scraped = new Scraped();
        scraped.Meter.CreateObservableGauge("g", () => value);

        Assert.Equal($"g {expected}", Assert.Single(scraped.Samples("g")));
    }

    [Fact]
    public void Scope_OfTwoMeters_TellsThemApartInOneFamily()
    {
        using var scraped = new Scraped(new PrometheusOptions());
        scraped.Meter.CreateCounter<long>("a").Add(1, [new("otel_scope_name", "forged")]);
        scraped.Add("-2", "1.2", new KeyValuePair<string, object?>("x.y", "z")).CreateCounter<long>("a").Add(2);

        var text = scraped.Text();

        Assert.Contains($"a_total{{otel_scope_name=\"{scraped.Name}\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains(
            $"a_total{{otel_scope_name=\"{scraped.Name}-2\",otel_scope_version=\"1.2\",otel_scope_x_y=\"z\"}} 2\n",
            text,
            StringComparison.Ordinal
        );
        Assert.Equal(2, text.Split("# TYPE a_total counter\n").Length);
    }

    [Fact]
    public void Resource_ChosenAttributes_AreLabels()
    {
        using var scraped = new Scraped(new PrometheusOptions { ScopeLabels = false, ResourceLabels = ["service.name"] });
        scraped.Meter.CreateCounter<long>("a").Add(1, [new("k", "v")]);

        Assert.Equal("""a_total{k="v",service_name="proxy \"x\""} 1""", Assert.Single(scraped.Samples("a_total")));
    }

    [Fact]
    public void Families_OfTwoTypes_AreLeftOutAndToldOnce()
    {
        using var scraped = new Scraped();
        scraped.Meter.CreateCounter<long>("a.x").Add(1);
        scraped.Add("-2").CreateUpDownCounter<long>("a.x.total").Add(1);
        scraped.Meter.CreateCounter<long>("b").Add(1);

        _ = scraped.Text();
        var text = scraped.Text();

        Assert.DoesNotContain("a_x", text, StringComparison.Ordinal);
        Assert.Contains("b_total 1", text, StringComparison.Ordinal);
        Assert.Contains("a_x_total", Assert.Single(scraped.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Families_TwoInstrumentsOfOneMeterWithOneName_NoSeriesTwice()
    {
        using var scraped = new Scraped();
        scraped.Meter.CreateCounter<long>("a.x").Add(1);
        scraped.Meter.CreateCounter<long>("a_x").Add(2);

        Assert.Equal("a_x_total 1", Assert.Single(scraped.Samples("a_x_total")));
        Assert.Contains("a.x", Assert.Single(scraped.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Exemplars_OfTraces_OnlyInOpenMetricsAndInTheirBucket()
    {
        using var scraped = new Scraped(build: static metrics => metrics.SetExemplarFilter(ExemplarFilterType.TraceBased));
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == nameof(ExpositionTests),
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource(nameof(ExpositionTests));
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2] };
        var histogram = scraped.Meter.CreateHistogram("h", null, null, null, advice);
        using (var activity = source.StartActivity("work"))
        {
            histogram.Record(1.5);
            scraped.Meter.CreateCounter<long>("c").Add(7);
            var exemplar = $"# {{trace_id=\"{activity!.TraceId}\",span_id=\"{activity.SpanId}\"}}";

            var lines = scraped.OpenMetrics().Split('\n');

            Assert.Contains(lines, line => line.StartsWith($"h_bucket{{le=\"2.0\"}} 1 {exemplar} 1.5 ", StringComparison.Ordinal));
            Assert.Contains("h_bucket{le=\"1.0\"} 0", lines);
            Assert.Contains("h_bucket{le=\"+Inf\"} 1", lines);
            Assert.Contains(lines, line => line.StartsWith($"c_total 7 {exemplar} 7 ", StringComparison.Ordinal));
        }

        Assert.DoesNotContain("trace_id", scraped.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Export_LargerThanAllowed_Fails()
    {
        using var scraped = new Scraped(new PrometheusOptions { MaxBytes = 100 });
        scraped.Meter.CreateCounter<long>("a").Add(1, [new("k", new string('x', 200))]);

        Assert.Throws<InvalidOperationException>(scraped.Text);
    }

    [Fact]
    public void Export_AFlushInBetween_WritesNothingAndBreaksNothing()
    {
        using var scraped = new Scraped();
        scraped.Meter.CreateCounter<long>("a").Add(1);
        var first = scraped.Text();

        Assert.True(scraped.Exporter.Collect!(1000));

        Assert.Equal(first, scraped.Text());
    }

    [Fact]
    public void Series_OverTheLimit_AreToldOnce()
    {
        using var scraped = new Scraped(build: static metrics =>
            metrics.AddView("*", new MetricStreamConfiguration { CardinalityLimit = 2 })
        );
        var counter = scraped.Meter.CreateCounter<long>("a");
        for (var i = 0; i < 5; i++)
        {
            counter.Add(1, [new("k", i)]);
        }

        _ = scraped.Text();

        Assert.Contains("a_total{otel_metric_overflow=\"true\"} 3", scraped.Samples("a_total"));
        Assert.Contains("a_total", Assert.Single(scraped.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Scrape_TenThousandSeries_MakesNoMegabytesOfGarbage()
    {
        using var scraped = new Scraped(build: static metrics =>
            metrics.AddView("*", new MetricStreamConfiguration { CardinalityLimit = 20_000 })
        );
        var counter = scraped.Meter.CreateCounter<long>("a");
        for (var i = 0; i < 10_000; i++)
        {
            counter.Add(i, [new("proxy.route_id", $"route-{i}"), new("proxy.outcome", "Completed")]);
        }

        using var buffer = new PooledBuffer(64 * 1024 * 1024);
        scraped.Exporter.CollectInto(buffer, openMetrics: false);
        buffer.Clear();
        var before = GC.GetAllocatedBytesForCurrentThread();

        scraped.Exporter.CollectInto(buffer, openMetrics: false);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
        Assert.InRange(buffer.Length, 500_000, int.MaxValue);
    }

    private static double Value(string line, string name)
    {
        Assert.StartsWith($"{name} ", line, StringComparison.Ordinal);
        return double.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }
}
