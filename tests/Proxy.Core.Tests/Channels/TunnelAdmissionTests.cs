using System.Net;
using Microsoft.AspNetCore.Http;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Connections;

namespace Proxy.Core.Tests.Channels;

/// <summary>Whether a tunnel is let in, and where it goes.</summary>
public sealed class TunnelAdmissionTests
{
    private const string Peer = "B_1";

    private readonly MemberDirectory _members = new("A_1");
    private readonly CurrentChannels _channels = new(
        new()
        {
            Instance = new() { Id = "A_1" },
            Items = new Dictionary<string, ChannelConfig>
            {
                ["service"] = new()
                {
                    Type = ChannelType.Reply,
                    Connector = "db",
                    Port = 9200,
                },
                ["circle"] = new()
                {
                    Type = ChannelType.Duplex,
                    Connector = "ring",
                    Mode = DuplexMode.Connect,
                    Ports = [9100, 9101],
                    Allow = ["B_*"],
                },
                ["caller"] = new()
                {
                    Type = ChannelType.Request,
                    Connector = "files",
                    Port = 9300,
                },
            },
        }
    );
    private readonly ThisInstance _self;

    public TunnelAdmissionTests()
    {
        _self = new ThisInstance(_channels);
        _members.Apply(
            new MembershipUpdate.Changed(
                new MemberRecord(Peer, "1", "10.0.0.1:15008", IPAddress.Parse("127.0.0.3")) { Connectors = [new("db", false, false, [])] }
            )
        );
    }

    [Theory]
    [InlineData("A_2", null)]
    [InlineData("A_1", "another start")]
    [InlineData(null, "another start")]
    public void Admit_AnotherInstanceOrStart_421(string? instance, string? epoch) =>
        Assert.Equal(StatusCodes.Status421MisdirectedRequest, Refusal(new("db", instance, epoch, null)));

    [Theory]
    [InlineData("files", null)] // which is called here, not served
    [InlineData("nothing", null)]
    [InlineData("ring", null)] // of two ports one has to be named
    [InlineData("ring", 9102)]
    public void Admit_ConnectorOrPortThatIsNotServed_404(string connector, int? port) =>
        Assert.Equal(StatusCodes.Status404NotFound, Refusal(new(connector, "a_1", _self.Epoch, port)));

    [Theory]
    [InlineData("db", "C_1")] // no member
    [InlineData("ring", "b_1")] // a pattern has a case
    public void Admit_PeerThatMayNot_403(string connector, string peer) =>
        Assert.Equal(StatusCodes.Status403Forbidden, Refusal(new(connector, null, null, 9100), peer));

    [Fact]
    public void Admit_Service_GoesToItsPortFromAnyAddress()
    {
        var admitted = Admission().Admit(new("DB", "A_1", _self.Epoch, 1), Peer, out var refusal);

        Assert.Equal((0, "service"), (refusal, admitted!.Channel));
        Assert.Equal(new IPEndPoint(_self.BindIp, 9200), admitted.Server);
        Assert.Equal(IPAddress.Parse("127.0.0.3"), admitted.Client);
    }

    [Fact]
    public void Admit_MemberOfARing_GoesToThePortFromThePeersAddress()
    {
        var admitted = Admission().Admit(new("ring", null, null, 9101), Peer, out _);

        var server = Assert.IsType<SourcedEndPoint>(admitted!.Server);
        Assert.Equal((new IPEndPoint(_self.BindIp, 9101), IPAddress.Parse("127.0.0.3")), (server.Address, server.Source));
    }

    [Fact]
    public void Admit_PatternNamesAPeerThatIsNoMember_GoesThereWithoutAnAddressOfItsOwn()
    {
        var admitted = Admission().Admit(new("ring", null, null, 9100), "B_2", out _);

        Assert.Equal(new IPEndPoint(_self.BindIp, 9100), admitted!.Server);
        Assert.Equal(IPAddress.Loopback, admitted.Client);
    }

    private TunnelAdmission Admission() => new(_channels, _self, _members);

    private int Refusal(TunnelRequest request, string peer = Peer)
    {
        Assert.Null(Admission().Admit(request, peer, out var refusal));
        return refusal;
    }
}
