using System.Net;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>The identity and addresses of this instance. They are fixed before the instance joins its group, and to the end.</summary>
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
        (Address, BindIp) = (IPAddress.Loopback, IPAddress.Loopback);
        IsNumbered = !channels.IsStarted || !HasAddresses;
        if (HasAddresses && LocalAddress.OfInstance(config.Instance) is { } own)
        {
            Use(own);
        }
    }

    /// <summary>Its id in the group.</summary>
    public string Id { get; }

    /// <summary>Its zone; null if none is configured.</summary>
    public string? Zone { get; }

    /// <summary>A value that is new at every start; empty without channels.</summary>
    public string Epoch { get; }

    /// <summary>The loopback address that stands for it on every instance; 127.0.0.1 in mode Port.</summary>
    public IPAddress Address { get; private set; }

    /// <summary>The address on which its local servers have to listen.</summary>
    public IPAddress BindIp { get; private set; }

    /// <summary>Whether members have loopback addresses of their own, rather than ports of one address.</summary>
    public bool HasAddresses => _loopback.Mode == LoopbackMode.Address;

    /// <summary>Whether its address is known, or it needs none. It is not if the id has no number, until one was claimed.</summary>
    public bool IsNumbered { get; private set; }

    /// <summary>Takes the number that was claimed for this instance, before it joins its group.</summary>
    public void Use(int number) => Use(LocalAddress.OfOrdinal(number));

    /// <summary>Moves an address that is the same on every instance to the loopback network of this one.</summary>
    public IPAddress Local(IPAddress address) => LocalAddress.In(address, _loopback.NetworkNumber);

    private void Use(IPAddress own) => (Address, BindIp, IsNumbered) = (own, Local(own), true);
}
