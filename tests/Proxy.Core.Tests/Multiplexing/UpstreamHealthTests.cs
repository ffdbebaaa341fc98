using Proxy.Configuration.Clusters;
using Proxy.Multiplexing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class UpstreamHealthTests
{
    private readonly ManualTime _time = new();
    private readonly UpstreamHealth _health;

    public UpstreamHealthTests() => _health = new(Settings(retryDelay: 1, maxRetryDelay: 30), _time);

    [Fact]
    public void Succeeded_OfWhatBeganBeforeTheFailure_LeavesThePause()
    {
        _health.Failed(now: 1000);

        _health.Succeeded(since: 999);

        Assert.Equal(TimeSpan.FromSeconds(1), _health.RetryIn);
    }

    [Fact]
    public void Succeeded_OfWhatBeganAfterTheFailure_EndsThePause()
    {
        _health.Failed(now: 1000);

        _health.Succeeded(since: 2000);

        Assert.False(_health.IsPausing);
    }

    [Fact]
    public void IsDown_OneLostConnection_IsNotYet()
    {
        _health.Failed(now: 1000);
        Assert.True(_health.IsPausing);
        Assert.False(_health.IsDown);

        _health.Failed(now: 2000);
        Assert.True(_health.IsDown);
    }

    [Fact]
    public void IsDown_FailedDial_UntilThePauseIsOver()
    {
        _health.NotConnected(now: 1000);
        Assert.True(_health.IsDown);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(_health.IsDown);
    }

    [Fact]
    public void Apply_OtherDelays_BeginsAnewWithThem()
    {
        _health.NotConnected(now: 1000);

        _health.Apply(Settings(retryDelay: 5, maxRetryDelay: 5));
        Assert.False(_health.IsPausing);

        _health.Failed(now: 2000);
        Assert.Equal(TimeSpan.FromSeconds(5), _health.RetryIn);
    }

    [Fact]
    public void Connected_AfterFailedDials_EndsTheirRun()
    {
        _health.NotConnected(now: 1000);
        _health.NotConnected(now: 2000);
        Assert.Equal(2, _health.Failures!.Count);

        _health.Connected();

        Assert.Null(_health.Failures);
    }

    [Fact]
    public void Connected_AfterALostConnection_ProvesNothingUntilItAnswers()
    {
        _health.NotConnected(now: 1000);
        _health.Failed(now: 2000);

        _health.Connected();
        Assert.Equal(2, _health.Failures!.Count);

        _health.Succeeded(since: 3000);
        _health.NotConnected(now: 4000);
        _health.Connected();
        Assert.Null(_health.Failures);
    }

    private static UpstreamSettings Settings(int retryDelay, int maxRetryDelay) =>
        new(
            new ClusterSection
            {
                Multiplex = new() { RetryDelay = TimeSpan.FromSeconds(retryDelay), MaxRetryDelay = TimeSpan.FromSeconds(maxRetryDelay) },
            },
            Device.Line
        );
}
