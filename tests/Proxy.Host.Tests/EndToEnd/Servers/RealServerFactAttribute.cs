namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>
/// Needs programs of real servers: skips without them, unless PROXY_TEST_SERVERS is "required", as it is where everything is installed.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RealServerFactAttribute : FactAttribute
{
    public RealServerFactAttribute(params string[] programs)
    {
        Programs = programs;
        var missing = programs.Where(static program => Proxy.Testing.Programs.Find(program) is null).ToList();
        if (missing.Count > 0 && Environment.GetEnvironmentVariable("PROXY_TEST_SERVERS") != "required")
        {
            Skip = $"Not installed: {string.Join(", ", missing)}.";
        }
    }

    /// <summary>What has to be installed.</summary>
    public IReadOnlyList<string> Programs { get; }
}
