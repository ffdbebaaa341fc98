namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>A test that needs real servers in network namespaces. It is skipped without the programs or without root, unless they are required.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NetworkNamespaceFactAttribute : FactAttribute
{
    public NetworkNamespaceFactAttribute(params string[] programs)
    {
        Programs = programs;
        var missing = programs.Append("ip").Where(static program => Proxy.Testing.Programs.Find(program) is null).ToList();
        if (
            Environment.GetEnvironmentVariable("PROXY_TEST_SERVERS") != "required"
            && (missing.Count > 0 || !Environment.IsPrivilegedProcess)
        )
        {
            Skip = missing.Count > 0 ? $"Not installed: {string.Join(", ", missing)}." : "Network namespaces and mounts need root.";
        }
    }

    /// <summary>The programs that have to be installed.</summary>
    public IReadOnlyList<string> Programs { get; }
}
