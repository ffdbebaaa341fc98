namespace Proxy.Etcd.Tests;

/// <summary>A test with a real etcd. It is skipped if that is not installed, unless PROXY_TEST_SERVERS is "required".</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EtcdFactAttribute : FactAttribute
{
    public EtcdFactAttribute()
    {
        var missing = new[] { "etcd", "etcdctl" }.Where(static program => Programs.Find(program) is null).ToList();
        if (missing.Count > 0 && Environment.GetEnvironmentVariable("PROXY_TEST_SERVERS") != "required")
        {
            Skip = $"Not installed: {string.Join(", ", missing)}.";
        }
    }
}
