using System.Security.Cryptography;
using Proxy.Configuration.Engine;

namespace Proxy.Etcd.Client;

/// <summary>Which host this is for the engine.</summary>
/// <param name="group">The group, whose hosts share keys.</param>
/// <param name="instance">The id of this host in the group.</param>
/// <param name="prefix">What all keys begin with.</param>
internal sealed class EngineIdentity(string group, string instance, string prefix)
{
    private const int EpochBytes = 8;

    /// <summary>The group.</summary>
    public string Group => group;

    /// <summary>The id of this host.</summary>
    public string Instance => instance;

    /// <summary>This start of the program; another one at each.</summary>
    public string Epoch { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(EpochBytes));

    /// <summary>The names of the keys of the group.</summary>
    public EngineKeys Keys { get; } = new(prefix, group);

    /// <summary>That of a configuration whose names are complete.</summary>
    public static EngineIdentity Of(EngineConfig config) => new(config.Group!, config.Instance!, config.Etcd!.Prefix);
}
