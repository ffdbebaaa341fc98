using Proxy.Configuration.Clusters;
using Proxy.Multiplexing;

namespace Proxy.Core.Tests.Multiplexing;

public sealed class SuspensionsTests : IAsyncLifetime
{
    private static readonly UpstreamSettings _settings = new(
        new ClusterSection
        {
            Multiplex = new() { RetryDelay = TimeSpan.FromSeconds(1), MaxRetryDelay = TimeSpan.FromSeconds(4) },
        },
        Device.ModbusTcp
    );

    private readonly TestClient _client = new();
    private readonly ManualTime _time = new();
    private readonly Suspensions _suspensions;

    public SuspensionsTests() => _suspensions = new(_time);

    [Fact]
    public void TimedOut_ARequest_SuspendsItsLikeAlone()
    {
        Assert.NotNull(TimeOut(Request(unit: 1, register: 7)));
        Assert.Null(TimeOut(Request(unit: 1, register: 7))); // it is known

        Assert.True(_suspensions.Refuses(Request(unit: 1, register: 7)));
        Assert.False(_suspensions.Refuses(Request(unit: 1, register: 8)));
        Assert.False(_suspensions.Refuses(Request(unit: 2, register: 7)));
        Assert.Empty(_suspensions.Units);
        Assert.Single(_suspensions.Requests);
        Assert.Equal(1, _suspensions.Count);
    }

    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 2)] // the second has cost the others its time
    public void TimedOut_DifferentRequestsInARow_SuspendTheirUnit(bool othersWait, int evidence)
    {
        for (var register = 0; register < evidence; register++)
        {
            Assert.Empty(_suspensions.Units);
            var subject = TimeOut(Request(unit: 1, register), othersWait);
            Assert.Equal(register == evidence - 1, subject == "unit 1");
        }

        Assert.Equal([1], _suspensions.Units);
        Assert.True(_suspensions.Refuses(Request(unit: 1, register: 99)));
        Assert.False(_suspensions.Refuses(Request(unit: 2, register: 99)));
    }

    [Fact]
    public void TimedOut_OneRequestAgainAndAgain_LeavesItsUnit()
    {
        for (var round = 0; round < 5; round++)
        {
            TimeOut(Request(unit: 1, register: 7));
            _time.Advance(TimeSpan.FromSeconds(4));
        }

        Assert.Empty(_suspensions.Units);
    }

    [Fact]
    public void Answered_BetweenTwoTimeouts_BeginsAnew()
    {
        TimeOut(Request(unit: 1, register: 1));
        TimeOut(Request(unit: 1, register: 2));

        Assert.Null(_suspensions.Answered(Request(unit: 1, register: 3)));

        TimeOut(Request(unit: 1, register: 4));
        Assert.Empty(_suspensions.Units);
    }

    [Fact]
    public void Sent_AfterThePause_IsTheOnlyProbeAndItsAnswerEndsTheSuspension()
    {
        TimeOut(Request(unit: 1, register: 7));
        _time.Advance(TimeSpan.FromSeconds(1));
        var probe = Request(unit: 1, register: 7);
        Assert.False(_suspensions.Refuses(probe));

        _suspensions.Sent(probe);
        Assert.True(_suspensions.Refuses(Request(unit: 1, register: 7)));

        Assert.NotNull(_suspensions.Answered(probe));
        Assert.Equal(0, _suspensions.Count);
        Assert.False(_suspensions.Refuses(Request(unit: 1, register: 7)));
    }

    [Fact]
    public void Ended_AProbeThatWasLost_LetsAnotherOneThrough()
    {
        TimeOut(Request(unit: 1, register: 7));
        _time.Advance(TimeSpan.FromSeconds(1));
        var probe = Request(unit: 1, register: 7);
        _suspensions.Sent(probe);

        _suspensions.Ended(probe);

        Assert.False(_suspensions.Refuses(Request(unit: 1, register: 7)));
    }

    // A register that is never answered must not keep a living unit suspended.
    [Fact]
    public void Refuses_TheRequestThatWasTheLastProbeOfAUnit_OnceMore()
    {
        for (var register = 1; register <= 3; register++)
        {
            TimeOut(Request(unit: 1, register));
        }

        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.False(_suspensions.IsSuspended(Request(unit: 1, register: 3)));
        Assert.True(_suspensions.Refuses(Request(unit: 1, register: 3)));
        Assert.False(_suspensions.Refuses(Request(unit: 1, register: 3)));
        Assert.False(_suspensions.Refuses(Request(unit: 1, register: 4)));
    }

    [Fact]
    public void TimedOut_AgainAfterEachPause_PausesTwiceAsLongUpToTheLongest()
    {
        foreach (var seconds in (int[])[1, 2, 4, 4])
        {
            TimeOut(Request(unit: 1, register: 7));
            _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.True(_suspensions.IsSuspended(Request(unit: 1, register: 7)));
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.False(_suspensions.IsSuspended(Request(unit: 1, register: 7)));
        }
    }

    [Fact]
    public void Forget_WhatIsNotAskedForAnyMore_TenMinutesAfterItsPause()
    {
        TimeOut(Request(unit: 1, register: 7));

        _time.Advance(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(1));
        _suspensions.Forget();
        Assert.Equal(1, _suspensions.Count);
        _time.Advance(TimeSpan.FromSeconds(1));
        _suspensions.Forget();

        Assert.Equal(0, _suspensions.Count);
    }

    // A client may try all addresses there are.
    [Fact]
    public void TimedOut_ManyRequests_AreBounded()
    {
        for (var register = 0; register < 5000; register++)
        {
            TimeOut(Request(unit: 1 + (register % 200), register));
        }

        Assert.InRange(_suspensions.Requests.Count, 1, 1024);
    }

    [Fact]
    public void TimedOut_ProtocolWithoutUnits_SuspendsNothing()
    {
        var request = new MultiplexRequest(_client.Client);
        request.Reset("x\n"u8);

        Assert.Null(TimeOut(request));

        Assert.Equal(0, _suspensions.Count);
    }

    [Fact]
    public void IsSilentAlone_OthersAnswerSinceThen_OnlyForProbesOfWhatIsSuspended()
    {
        var dead = Request(unit: 9, register: 7);
        Assert.False(_suspensions.IsSilentAlone(dead)); // not suspended
        TimeOut(dead);
        Assert.False(_suspensions.IsSilentAlone(dead)); // nothing was answered since

        _suspensions.Answered(Request(unit: 1, register: 1));

        Assert.True(_suspensions.IsSilentAlone(dead));
        Assert.False(_suspensions.IsSilentAlone(Request(unit: 1, register: 1)));
        TimeOut(Request(unit: 1, register: 1)); // now all are mute
        Assert.False(_suspensions.IsSilentAlone(Request(unit: 1, register: 1)));
    }

    [Fact]
    public void Forget_TheLastOne_SaysSoOnce()
    {
        Assert.False(_suspensions.Forget());
        TimeOut(Request(unit: 1, register: 7));
        Assert.False(_suspensions.Forget());
        _time.Advance(TimeSpan.FromMinutes(11));

        Assert.True(_suspensions.Forget());
        Assert.False(_suspensions.Forget());
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _client.DisposeAsync();

    private string? TimeOut(MultiplexRequest request, bool othersWait = false)
    {
        _suspensions.Sent(request);
        var subject = _suspensions.TimedOut(request, _settings, othersWait);
        _suspensions.Ended(request);
        return subject;
    }

    private MultiplexRequest Request(int unit, int register)
    {
        var request = new MultiplexRequest(_client.Client);
        request.Reset(ModbusMessages.Tcp(1, ModbusMessages.Read((byte)unit, register)));
        request.Facts = new() { Unit = (ushort)unit, Target = (ulong)((unit << 20) | (register + 1)) };
        return request;
    }
}
