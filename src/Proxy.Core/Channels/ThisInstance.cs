using System.Net;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>The identity and addresses of this instance, fixed from start to end.</summary>
internal sealed class ThisInstance
{
    private readonly LoopbackConfig _loopback;

    /// <param name="channels">The configuration at the start.</param>
    public ThisInstance(CurrentChannels channels)
    {
        var config = channels.Config;
        _loopback = config.Loopback;
        Id = config.Instance.Id;
        Zone = config.Instance.Zone;
        Epoch = channels.IsStarted ? Guid.NewGuid().ToString("N") : "";
        Address = HasAddresses && LocalAddress.OfInstance(config.Instance) is { } own ? own : IPAddress.Loopback;
        BindIp = HasAddresses ? Local(Address) : IPAddress.Loopback;
    }

    /// <summary>Its id in the group.</summary>
    public string Id { get; }

    /// <summary>Its zone; null if none is configured.</summary>
    public string? Zone { get; }

    /// <summary>A value that is new at every start; empty without channels.</summary>
    public string Epoch { get; }

    /// <summary>The loopback address that stands for it on every instance; 127.0.0.1 in mode Port.</summary>
    public IPAddress Address { get; }

    /// <summary>The address on which its local servers have to listen.</summary>
    public IPAddress BindIp { get; }

    /// <summary>Whether members have loopback addresses of their own, rather than ports of one address.</summary>
    public bool HasAddresses => _loopback.Mode == LoopbackMode.Address;

    /// <summary>Moves an address that is the same on every instance to the loopback network of this one.</summary>
    public IPAddress Local(IPAddress address) => LocalAddress.In(address, _loopback.NetworkNumber);
}
