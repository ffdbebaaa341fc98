using System.Net;
using System.Net.Sockets;
using Proxy.Connections;

namespace Proxy.Core.Tests.Connections;

public sealed class NoLocalPortExceptionTests
{
    private static readonly SocketException _notAvailable = new((int)SocketError.AddressNotAvailable);
    private static readonly IPEndPoint _address = new(IPAddress.Loopback, 7);

    [Fact]
    public void Explain_AddressThatIsReachable_NamesIt()
    {
        var explained = NoLocalPortException.Explain(_notAvailable, _address);

        Assert.IsType<NoLocalPortException>(explained);
        Assert.StartsWith("no local port is left towards 127.0.0.1:7:", explained.Message, StringComparison.Ordinal);
        Assert.Equal(SocketError.AddressNotAvailable, explained.SocketErrorCode);
    }

    [Fact]
    public void Explain_SourceGiven_NamesTheAddress() =>
        Assert.IsType<NoLocalPortException>(
            NoLocalPortException.Explain(_notAvailable, new SourcedEndPoint(_address, IPAddress.Parse("127.0.0.9")))
        );

    [Fact]
    public void Explain_SomethingElse_IsLeftAsItIs()
    {
        var refused = new SocketException((int)SocketError.ConnectionRefused);

        Assert.Same(refused, NoLocalPortException.Explain(refused, _address));
        Assert.Same(_notAvailable, NoLocalPortException.Explain(_notAvailable, new UnixDomainSocketEndPoint("/no/such")));
    }
}
