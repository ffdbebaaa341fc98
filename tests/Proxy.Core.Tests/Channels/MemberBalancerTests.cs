using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;
using Proxy.Engine;

namespace Proxy.Core.Tests.Channels;

public sealed class MemberBalancerTests : IDisposable
{
    private readonly MemberDirectory _members = new("A_1");
    private readonly DrainedMembers _drained = new();
    private readonly MemberSuspicion _suspicion;
    private readonly MemberBalancer _balancer;

    public MemberBalancerTests()
    {
        _suspicion = new(
            _members,
            static (_, _) => Task.FromResult<MemberRecord?>(null),
            new ManualTime(),
            NullLogger<MemberSuspicion>.Instance
        );
        _balancer = new(new ThisInstance(new CurrentChannels(null)), _suspicion, _drained, new Random(1));
        foreach (var id in (string[])["B_1", "B_2"])
        {
            _members.Apply(
                new MembershipUpdate.Changed(
                    new(id, "e", "127.0.0.1:1", IPAddress.Parse($"127.9.0.{id[^1]}"))
                    {
                        Connectors = [new("db", Serves: true, Duplex: false, [])],
                    }
                )
            );
        }
    }

    [Fact]
    public void Pick_MemberIsDrainedHereOrForAll_TheOtherIsPicked()
    {
        _drained.Add("B_1");
        Assert.Equal(["B_2"], Picked());

        _drained.SetForAll(new Dictionary<DrainTarget, DrainOrder> { [new(null, "B_2")] = new(null, null, null) });
        Assert.Equal([null], Picked());

        _drained.Remove("B_1");
        Assert.Equal(["B_1"], Picked());

        _drained.SetForAll(new Dictionary<DrainTarget, DrainOrder>());
        Assert.Equal(["B_1", "B_2"], Picked());
    }

    public void Dispose() => _suspicion.Dispose();

    private List<string?> Picked() =>
        [
            .. Enumerable
                .Range(0, 50)
                .Select(_ => _balancer.Pick(new() { Type = ChannelType.Request, Connector = "db" }, _members.Current, [])?.Id)
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
}
