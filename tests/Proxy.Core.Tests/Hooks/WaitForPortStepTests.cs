using System.Net;
using System.Net.Sockets;
using Proxy.Configuration.Locking;
using Proxy.Hooks;

namespace Proxy.Core.Tests.Hooks;

public sealed class WaitForPortStepTests : IDisposable
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);
    private readonly ManualTime _time = new();
    private readonly TestHooks _hooks;

    public WaitForPortStepTests() => _hooks = new TestHooks(_time);

    [Fact]
    public async Task Run_OpenAndIsOpen_SucceedsAndClosesGently()
    {
        using var listener = Loopback.Listen();

        Assert.True((await RunAsync(PortState.Open, listener.LocalEndPoint!)).Succeeded);

        using var probe = await listener.AcceptWithinAsync();
        var (bytes, reset) = await probe.ReadToEndAsync();
        Assert.Empty(bytes);
        Assert.False(reset);
    }

    [Fact]
    public async Task Run_OpenAndBecomesSo_Succeeds()
    {
        using var reserved = Loopback.Reserve();

        var run = RunAsync(PortState.Open, reserved.LocalEndPoint!);
        await _time.WaitForTimerAsync(_pause);
        reserved.Listen();

        Assert.True((await LooksAsync(run)).Succeeded);
    }

    [Fact]
    public async Task Run_ClosedAndBecomesSo_Succeeds()
    {
        var listener = Loopback.Listen();
        var address = listener.LocalEndPoint!;

        var run = RunAsync(PortState.Closed, address);
        await _time.WaitForTimerAsync(_pause);
        listener.Dispose();

        Assert.True((await LooksAsync(run)).Succeeded);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_Name_IsResolved(bool open)
    {
        using var socket = open ? Loopback.Listen() : Loopback.Reserve();

        var result = await RunAsync(open ? PortState.Open : PortState.Closed, new DnsEndPoint("localhost", socket.Port()));

        Assert.True(result.Succeeded);
    }

    [Fact]
    public async Task Run_UnixSocket_OpenThenWithoutListenerThenGone()
    {
        var path = Loopback.NewUnixPath();
        var listener = Loopback.ListenUnix(path);
        var address = new UnixDomainSocketEndPoint(path);

        Assert.True((await RunAsync(PortState.Open, address)).Succeeded);
        listener.Dispose();
        Assert.True((await RunAsync(PortState.Closed, address)).Succeeded);
        File.Delete(path);
        Assert.True((await RunAsync(PortState.Closed, address)).Succeeded);
    }

    [Fact]
    public async Task Run_NeverOpen_TimesOut()
    {
        using var reserved = Loopback.Reserve();

        var run = RunAsync(PortState.Open, reserved.LocalEndPoint!, TimeSpan.FromSeconds(30), CancellationToken.None);
        await _time.WaitForTimerAsync(_pause);
        _time.Advance(TimeSpan.FromSeconds(30));

        var result = await run.WaitAsync(Eventually.Limit);
        Assert.Equal(HookOutcome.TimedOut, result.Outcome);
        Assert.Equal("step 1 (WaitForPort Open) did not end within 00:00:30", result.Reason);
    }

    [Fact]
    public async Task Run_Cancelled_SaysSo()
    {
        using var reserved = Loopback.Reserve();
        using var cancel = new CancellationTokenSource();

        var run = RunAsync(PortState.Open, reserved.LocalEndPoint!, cancel.Token);
        await _time.WaitForTimerAsync(_pause);
        await cancel.CancelAsync();

        Assert.Equal(HookOutcome.Cancelled, (await run.WaitAsync(Eventually.Limit)).Outcome);
    }

    [Fact]
    public async Task Run_NoDestination_Fails()
    {
        var result = await _hooks.RunAsync(new() { WaitForPort = PortState.Open }, TestHooks.Event with { Address = null });

        Assert.Equal(HookOutcome.Failed, result.Outcome);
    }

    public void Dispose() => _hooks.Dispose();

    // As often as it takes: a look may say nothing.
    private async Task<HookResult> LooksAsync(Task<HookResult> run)
    {
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(_pause);
            return run.IsCompleted;
        });
        return await run;
    }

    private Task<HookResult> RunAsync(PortState state, EndPoint address, CancellationToken cancellationToken = default) =>
        RunAsync(state, address, TimeSpan.FromDays(1), cancellationToken);

    private Task<HookResult> RunAsync(PortState state, EndPoint address, TimeSpan timeout, CancellationToken cancellationToken) =>
        _hooks
            .RunAsync(new() { WaitForPort = state, Timeout = timeout }, TestHooks.Event with { Address = address }, cancellationToken)
            .WaitAsync(Eventually.Limit, CancellationToken.None);
}
