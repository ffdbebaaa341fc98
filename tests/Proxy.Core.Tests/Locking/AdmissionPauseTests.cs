using Proxy.Diagnostics;
using Proxy.Locking;

namespace Proxy.Core.Tests.Locking;

public sealed class AdmissionPauseTests
{
    private static readonly TimeSpan _first = TimeSpan.FromSeconds(1);
    private readonly ManualTime _time = new();
    private readonly AdmissionPause _pause;

    public AdmissionPauseTests() => _pause = new AdmissionPause(_time);

    [Fact]
    public void AllowsOne_NothingHasFailed_AsManyAsCome()
    {
        _pause.Admit(Client());
        _pause.Admit(Client());

        Assert.True(_pause.AllowsOne);
        _pause.Pause(paused: true);
        Assert.False(_pause.AllowsOne);
    }

    [Fact]
    public void Admit_AfterAFailure_OneTriesAndTheOthersWaitForIt()
    {
        _pause.Failed(Client());
        Assert.Equal(_first, _pause.Remaining);
        Assert.False(_pause.AllowsOne);
        _time.Advance(_first);
        Assert.True(_pause.AllowsOne);

        _pause.Admit(Client());
        Assert.False(_pause.AllowsOne);
        Assert.Equal(TimeSpan.Zero, _pause.Remaining);
        _pause.Succeeded();

        Assert.True(_pause.AllowsOne);
        Assert.False(_pause.IsFailing);
    }

    [Fact]
    public void Failed_BeganBeforeThePause_PauseStaysAsItIs()
    {
        _pause.Failed(Client());
        _time.Advance(_first / 2);

        _pause.Failed(Client());

        Assert.Equal(_first / 2, _pause.Remaining);
    }

    [Fact]
    public void Failed_TheOneThatTries_NextPauseIsLonger()
    {
        _pause.Failed(Client());
        _time.Advance(_first);
        var trying = Client();
        _pause.Admit(trying);

        _pause.Failed(trying);

        Assert.Equal(2 * _first, _pause.Remaining);
    }

    [Fact]
    public void Ended_AnotherThanTheOneThatTries_StillOneTries()
    {
        _pause.Failed(Client());
        _time.Advance(_first);
        var trying = Client();
        _pause.Admit(trying);

        _pause.Ended(Client());
        Assert.False(_pause.AllowsOne);
        _pause.Ended(trying);

        Assert.True(_pause.AllowsOne);
    }

    private LockWaiter Client()
    {
        var connection = new FakeConnection("1");
        return new LockWaiter(connection, new ConnectionRecord(connection, "", "", _time), _time.GetTimestamp());
    }
}
