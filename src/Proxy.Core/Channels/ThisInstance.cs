using System.Net;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>This instance, as it is from its start to its end.</summary>
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

    /// <summary>Where it is; null when that is not configured.</summary>
    public string? Zone { get; }

    /// <summary>New at every start; empty where there are no channels.</summary>
    public string Epoch { get; }

    /// <summary>The loopback address that stands for it on every instance; 127.0.0.1 in Mode Port.</summary>
    public IPAddress Address { get; }

    /// <summary>The address on which its local servers listen.</summary>
    public IPAddress BindIp { get; }

    /// <summary>Whether instances are told apart by address rather than by port.</summary>
    public bool HasAddresses => _loopback.Mode == LoopbackMode.Address;

    /// <summary>The address in this instance's network for one that is the same everywhere.</summary>
    public IPAddress Local(IPAddress address) => LocalAddress.In(address, _loopback.NetworkNumber);
}
