namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>
/// A test that needs real servers. It is skipped if their programs are not installed, unless PROXY_TEST_SERVERS is "required".
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

    /// <summary>The programs that have to be installed.</summary>
    public IReadOnlyList<string> Programs { get; }
}
