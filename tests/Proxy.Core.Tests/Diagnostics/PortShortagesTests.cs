using System.Net;
using System.Net.Sockets;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

public sealed class PortShortagesTests
{
    private readonly ManualTime _time = new();
    private readonly PortShortages _shortages;

    public PortShortagesTests() => _shortages = new(_time);

    [Fact]
    public void Note_Dials_CountedByAddressWithTheLastTime()
    {
        _shortages.Note(Address(1));
        _time.Advance(TimeSpan.FromSeconds(30));
        _shortages.Note(Address(2));
        _shortages.Note(Address(2));

        Assert.Equal(
            [new("10.0.0.2:80", 2, Now, Now), new("10.0.0.1:80", 1, Now - TimeSpan.FromSeconds(30), Now - TimeSpan.FromSeconds(30))],
            _shortages.All
        );
        Assert.Equal("10.0.0.2:80", Assert.Single(_shortages.Within(TimeSpan.FromSeconds(29))).Address);
        Assert.Equal(2, _shortages.Within(TimeSpan.FromSeconds(30)).Count);
    }

    [Fact]
    public void Note_ManyAddresses_TheOldestGivesWay()
    {
        for (var number = 1; number <= 100; number++)
        {
            _shortages.Note(Address(number));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(64, _shortages.All.Count);
        Assert.Equal("10.0.0.100:80", _shortages.All[0].Address);
        Assert.Equal("10.0.0.37:80", _shortages.All[^1].Address);
    }

    [Fact]
    public void OfProcess_DialWithoutALocalPort_IsNoted()
    {
        var address = new IPEndPoint(IPAddress.Parse("127.0.0.77"), 7777);

        NoLocalPortException.Explain(new SocketException((int)SocketError.AddressNotAvailable), address);

        Assert.Contains(PortShortages.OfProcess.All, static one => one is { Address: "127.0.0.77:7777", Count: 1 });
    }

    [Fact]
    public void Note_AfterALongTimeWithout_BeginsAnew()
    {
        _shortages.Note(Address(1));
        _time.Advance(TimeSpan.FromMinutes(5));
        _shortages.Note(Address(1));
        Assert.Equal(Now - TimeSpan.FromMinutes(5), Assert.Single(_shortages.All).Since);

        _time.Advance(TimeSpan.FromSeconds(301));
        _shortages.Note(Address(1));

        Assert.Equal((Now, 3, 3), (Assert.Single(_shortages.All).Since, Assert.Single(_shortages.All).Count, _shortages.Total));
    }

    private DateTimeOffset Now => _time.GetUtcNow();

    private static IPEndPoint Address(int number) => new(new IPAddress([10, 0, 0, (byte)number]), 80);
}
