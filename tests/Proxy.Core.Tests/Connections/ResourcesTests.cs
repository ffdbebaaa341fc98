using System.Net.Sockets;
using Proxy.Connections;

namespace Proxy.Core.Tests.Connections;

public sealed class ResourcesTests
{
    private const int Limit = 1600; // 64 for the runtime, 100 for dials
    private const int Full = Limit - 164;

    private readonly ManualTime _time = new();
    private readonly Resources _resources;
    private int _open;
    private int _counts;

    public ResourcesTests() => _resources = new Resources(Limit, Count, _time);

    [Fact]
    public void MayAccept_ReserveInUse_OnlyDialsAndTheAdminAddressMay()
    {
        _open = Full;

        Assert.False(_resources.MayAccept());
        Assert.Throws<SocketException>(_resources.BeforeAccept);
        _resources.BeforeDial();
        Assert.True(_resources.MayAcceptAdmin());
    }

    [Fact]
    public void MaySpare_ReserveInUse_CountsOnceASecondAndIsNoPause()
    {
        _open = Full;

        for (var i = 0; i < 100; i++)
        {
            Assert.False(_resources.MaySpare());
        }

        Assert.Equal((1, 0L), (_counts, _resources.Pauses));
        Assert.Null(_resources.PausedSince);
        _open = 0;
        Assert.False(_resources.MaySpare());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_resources.MaySpare());
    }

    [Fact]
    public void BeforeDial_ItsPartInUse_Throws()
    {
        _open = Full + 100;

        var refused = Assert.Throws<SocketException>(_resources.BeforeDial);

        Assert.Equal(SocketError.TooManyOpenSockets, refused.SocketErrorCode);
        Assert.False(_resources.MayAcceptAdmin());
    }

    [Fact]
    public void KeepForAdmin_FreePlaces_AreKeptFromClientsAndDials()
    {
        _resources.KeepForAdmin(256);
        _open = Full - 256;
        Assert.False(_resources.MayAccept());
        _resources.BeforeDial();

        _open = Full - 156;
        Assert.Throws<SocketException>(_resources.BeforeDial);
        Assert.True(_resources.MayAcceptAdmin());
        _resources.KeepForAdmin(-256); // all places are taken, and their descriptors are among the open ones

        _resources.BeforeDial();
        Assert.True(_resources.MayAccept());
    }

    [Fact]
    public void CountHttp_ConnectionsWithoutADestination_AreKeptFromClientsAndTcpDials()
    {
        _resources.CountHttp(100);
        _open = Full - 100;
        Assert.False(_resources.MayAccept());
        _open = Full;
        Assert.Throws<SocketException>(_resources.BeforeDial);
        _open = Full - 100;
        for (var dials = 0; dials < 200; dials++)
        {
            _resources.BeforeHttpDial(); // one for each of them, and then those that are kept for all
            _resources.CountHttpDial(1);
            _open++;
        }

        Assert.Throws<SocketException>(_resources.BeforeHttpDial);
        _resources.CountHttpDial(-200);
        _resources.CountHttp(-100);
        _open = Full - 100;
        Assert.True(_resources.MayAccept());
    }

    [Fact]
    public void MayAccept_ABurstOfHttpConnections_LeavesEachADescriptorForItsDestination()
    {
        var accepted = 0;
        while (_resources.MayAccept())
        {
            _resources.CountHttp(1);
            (_open, accepted) = (_open + 1, accepted + 1);
        }

        Assert.InRange(accepted, (Full / 2) - 4, (Full / 2) + 4);
        for (var dials = 0; dials < accepted; dials++)
        {
            _resources.BeforeHttpDial();
            _resources.CountHttpDial(1);
            _open++;
        }
    }

    // Connections to one destination wait in its pool, and then clients of another one come.
    [Fact]
    public void MayAccept_BurstOfHttpConnectionsWhileOthersDestinationsArePooled_LeavesEachADescriptor()
    {
        const int Pooled = Full / 4;
        for (var i = 0; i < Pooled; i++)
        {
            _resources.CountHttpDial(1);
            _open++;
        }

        var accepted = 0;
        while (_resources.MayAccept())
        {
            _resources.CountHttp(1);
            (_open, accepted) = (_open + 1, accepted + 1);
        }

        Assert.InRange(accepted, ((Full - Pooled) / 2) - 4, ((Full - Pooled) / 2) + 4);
        for (var dials = 0; dials < accepted; dials++)
        {
            _resources.BeforeHttpDial();
            _resources.CountHttpDial(1);
            _open++;
        }
    }

    [Fact]
    public void Reserve_RequestsAreUnderWayAtTheirDestinations_NothingMoreIsKeptForThem()
    {
        var reserve = _resources.Reserve;
        for (var i = 0; i < 100; i++)
        {
            _resources.CountHttp(1);
            _resources.CountHttpBusy(1);
            _resources.CountHttpDial(1);
        }

        Assert.Equal(reserve, _resources.Reserve);
        _resources.CountHttpBusy(-100); // the next requests may be for other destinations
        Assert.Equal(reserve + 100, _resources.Reserve);
    }

    [Fact]
    public void MayAccept_DescriptorsRunOutWithoutItsDoing_IsNoticedBeforeTheReserveIsGone()
    {
        var opened = 0;
        while (_resources.MayAccept())
        {
            _open += 7;
            opened++;
        }

        Assert.InRange(opened, Full / 8, (Full / 7) + 4);
        Assert.InRange(_open, Full, Limit - 100);
    }

    [Fact]
    public void PausedSince_UntilDescriptorsAreFree_IsTheTimeOfTheFirstRefusal()
    {
        Assert.Null(_resources.PausedSince);
        _open = Full;
        _resources.MayAccept();
        var since = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromSeconds(9));
        _resources.MayAccept();

        Assert.Equal(since, _resources.PausedSince);
        Assert.Equal(1, _resources.Pauses);

        _open = Full - 1;

        Assert.Null(_resources.PausedSince);
        Assert.Equal(1, _resources.Pauses);
    }

    [Theory]
    [InlineData(Full - 64, true)]
    [InlineData(Full - 63, false)]
    public void CheckRoom_Limit_HasToLeaveRoomForSixteenClients(int open, bool expected)
    {
        _open = open;

        var refused = Record.Exception(_resources.CheckRoom);

        Assert.Equal(expected, refused is null);
        Assert.True(expected || refused!.Message.Contains($"At least {Limit + 1} are needed", StringComparison.Ordinal));
    }

    [Fact]
    public void Clients_HalfOfTheRoom_AndNullWithoutALimit()
    {
        _open = Full - 101;

        Assert.Equal(50, _resources.Clients);
        Assert.Null(new Resources(int.MaxValue, () => 0, _time).Clients);
    }

    [Fact]
    public void MayAccept_NoLimit_Always()
    {
        var resources = new Resources(int.MaxValue, () => int.MaxValue, _time);

        Assert.True(resources.MayAccept());
        Assert.Null(resources.PausedSince);
        resources.CheckRoom();
    }

    private int Count()
    {
        _counts++;
        return _open;
    }
}
