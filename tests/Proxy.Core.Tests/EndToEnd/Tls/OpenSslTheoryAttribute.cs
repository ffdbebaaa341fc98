namespace Proxy.Core.Tests.EndToEnd.Tls;

/// <summary>A test with the program openssl. It is skipped if that is not installed, unless PROXY_TEST_SERVERS is "required".</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OpenSslTheoryAttribute : TheoryAttribute
{
    public OpenSslTheoryAttribute()
    {
        if (Programs.Find("openssl") is null && Environment.GetEnvironmentVariable("PROXY_TEST_SERVERS") != "required")
        {
            Skip = "Not installed: openssl.";
        }
    }
}
