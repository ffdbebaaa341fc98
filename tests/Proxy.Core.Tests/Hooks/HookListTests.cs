using System.Diagnostics.Metrics;
using Proxy.Configuration.Locking;
using Proxy.Diagnostics;
using Proxy.Hooks;

namespace Proxy.Core.Tests.Hooks;

public sealed class HookListTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Run_Steps_InOrderUpToTheFirstThatFails()
    {
        var ran = new List<string>();
        using var hooks = new TestHooks(
            _time,
            new CodeHook("a", (_, _) => Done(ran, "a")),
            new CodeHook("b", static (_, _) => throw new InvalidOperationException("no\nluck")),
            new CodeHook("c", (_, _) => Done(ran, "c"))
        );

        var result = await hooks.List(Step("A"), Step("b"), Step("c")).RunAsync(TestHooks.Event, CancellationToken.None);

        Assert.Equal(["a"], ran);
        Assert.Equal(new HookResult(HookOutcome.Failed, 1, "step 2 (Hook b) failed: no\\u000aluck"), result);
    }

    [Theory]
    [InlineData(null, false, false, "1 2 3 4 5 6")]
    [InlineData(3, false, false, "3 6")]
    [InlineData(3, true, false, "2 3 6")]
    [InlineData(1, true, false, "1 2 3 4 5 6")]
    [InlineData(null, true, false, "2")]
    [InlineData(null, false, true, "1")]
    [InlineData(3, false, true, "1 3 6")]
    [InlineData(3, true, true, "1 2 3 6")]
    public async Task Run_EveryAfterTimeoutAndAtStart_AtTheActivationsTheyName(
        int? every,
        bool afterTimeout,
        bool atStart,
        string activations
    )
    {
        var ran = new List<long>();
        using var hooks = new TestHooks(
            _time,
            new CodeHook(
                "a",
                (hookEvent, _) =>
                {
                    ran.Add(hookEvent.Activation);
                    return ValueTask.CompletedTask;
                }
            )
        );
        var list = hooks.List(Step("a") with { Every = every, AfterTimeout = afterTimeout, AtStart = atStart });

        for (var i = 1; i <= 6; i++)
        {
            await list.RunAsync(TestHooks.Event with { Activation = i, AfterTimeout = i == 2 }, CancellationToken.None);
        }

        Assert.Equal(activations, string.Join(' ', ran));
    }

    [Fact]
    public async Task Run_Delay_WaitsByTheClockAndHasNoTimeout()
    {
        using var hooks = new TestHooks(_time);
        var run = hooks.RunAsync(new() { Delay = TimeSpan.FromMinutes(2) });
        await _time.WaitForTimerAsync(TimeSpan.FromMinutes(2));

        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(run.IsCompleted);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.True((await run.WaitAsync(Eventually.Limit)).Succeeded);
    }

    [Fact]
    public async Task Run_DelayCancelled_SaysSo()
    {
        using var hooks = new TestHooks(_time);
        using var cancel = new CancellationTokenSource();
        var run = hooks.RunAsync(new() { Delay = TimeSpan.FromMinutes(2) }, null, cancel.Token);

        await cancel.CancelAsync();

        Assert.Equal(HookOutcome.Cancelled, (await run.WaitAsync(Eventually.Limit)).Outcome);
    }

    [Fact]
    public async Task Run_HookThatHonoursItsToken_TimesOut()
    {
        using var hooks = new TestHooks(
            _time,
            new CodeHook("a", async (_, token) => await Task.Delay(Timeout.InfiniteTimeSpan, _time, token))
        );
        var run = hooks.RunAsync(Step("a"));
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(30));

        _time.Advance(TimeSpan.FromSeconds(30));

        var result = await run.WaitAsync(Eventually.Limit);
        Assert.Equal(new HookResult(HookOutcome.TimedOut, 0, "step 1 (Hook a) did not end within 00:00:30"), result);
    }

    [Fact]
    public async Task Run_HookThatIgnoresItsToken_IsLeftBehind()
    {
        var started = new TaskCompletionSource();
        using var never = new ManualResetEventSlim();
        using var hooks = new TestHooks(
            _time,
            new CodeHook(
                "a",
                (_, _) =>
                {
                    started.SetResult();
                    never.Wait(CancellationToken.None);
                    return ValueTask.CompletedTask;
                }
            )
        );
        var run = hooks.RunAsync(Step("a"));
        await started.Task.WaitAsync(Eventually.Limit);

        _time.Advance(TimeSpan.FromSeconds(30));
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));

        var result = await run.WaitAsync(Eventually.Limit);
        never.Set();
        Assert.Equal(
            new HookResult(HookOutcome.TimedOut, 0, "step 1 (Hook a) did not end when it was cancelled, and is not waited for any longer"),
            result
        );
    }

    [Fact]
    public async Task Run_HookThatCancelsItself_Failed()
    {
        using var hooks = new TestHooks(_time, new CodeHook("a", static (_, _) => throw new OperationCanceledException()));

        Assert.Equal(HookOutcome.Failed, (await hooks.RunAsync(Step("a"))).Outcome);
    }

    [Fact]
    public async Task Run_Ended_IsMeasuredUnlessNothingWasDue()
    {
        var seen = new List<string>();
        using var hooks = new TestHooks(
            _time,
            new CodeHook(
                "a",
                (_, _) =>
                {
                    _time.Advance(TimeSpan.FromSeconds(3));
                    return ValueTask.CompletedTask;
                }
            )
        );
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, all) =>
        {
            if (instrument.Meter.Name == ProxyMetrics.MeterName && instrument.Name == "proxy.hook.duration")
            {
                all.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>(
            (_, value, tags, _) =>
            {
                var text = string.Join(' ', tags.ToArray().Select(static tag => $"{tag.Key}={tag.Value}"));
                if (text.Contains("measured", StringComparison.Ordinal)) // other tests measure too
                {
                    seen.Add(FormattableString.Invariant($"{value} {text}"));
                }
            }
        );
        listener.Start();

        await hooks.RunAsync(Step("a"), TestHooks.Event with { Route = "measured" });
        await hooks.RunAsync(Step("a") with { Every = 2 }, TestHooks.Event with { Route = "measured" });

        Assert.Equal(["3 proxy.route_id=measured proxy.hook.event=activate proxy.outcome=Succeeded"], seen);
    }

    private static HookStepConfig Step(string hook) => new() { Hook = hook };

    private static ValueTask Done(List<string> ran, string name)
    {
        ran.Add(name);
        return ValueTask.CompletedTask;
    }

    private sealed class CodeHook(string name, Func<HookEvent, CancellationToken, ValueTask> run) : IProxyHook
    {
        public string Name => name;

        public ValueTask RunAsync(HookEvent hookEvent, CancellationToken cancellationToken) => run(hookEvent, cancellationToken);
    }
}
